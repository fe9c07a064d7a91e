package dev.postern.acme;

import dev.postern.config.Addresses;
import java.net.InetAddress;
import java.util.Locale;
import org.shredzone.acme4j.Identifier;

/** Names of sites as CAs call them, <a href="https://datatracker.ietf.org/doc/html/rfc8738#section-3">RFC 8738 §3</a>. */
final class Identifiers {
    private Identifiers() {}

    /** In the text form of RFC 5952, which acme4j's own for IPv6 is not. */
    static Identifier of(String name) {
        return Addresses.isAddress(name) ? new Identifier(Identifier.TYPE_IP, name) : Identifier.dns(name);
    }

    /** Names have no case, and some CAs echo them in capitals; an address has many forms, and one of ours. */
    static String name(Identifier identifier) {
        String value = identifier.getValue();
        InetAddress address = isAddress(identifier) ? Addresses.literal(value) : null;
        return address == null ? value.toLowerCase(Locale.ROOT) : Addresses.text(address);
    }

    static boolean isAddress(Identifier identifier) {
        return identifier.getType().equals(Identifier.TYPE_IP);
    }
}
