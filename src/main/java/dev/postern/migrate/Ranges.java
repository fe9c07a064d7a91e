package dev.postern.migrate;

import dev.postern.config.Addresses;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/** Ranges of addresses as other programs write them: bits behind the prefix may be set there. */
public final class Ranges {
    private Ranges() {}

    /** As Postern writes it; empty where it is no range. */
    public static Optional<String> of(String text) {
        int slash = text.indexOf('/');
        InetAddress address = Addresses.literal(slash < 0 ? text : text.substring(0, slash));
        String bits = slash < 0 ? "" : text.substring(slash + 1);
        if (address == null || (slash >= 0 && !Numbers.isBetween(bits, 0, address.getAddress().length * 8))) {
            return Optional.empty();
        }
        return Optional.of(
                slash < 0
                        ? Addresses.text(address)
                        : Addresses.text(masked(address, Integer.parseInt(bits))) + "/" + bits);
    }

    private static InetAddress masked(InetAddress address, int bits) {
        byte[] bytes = address.getAddress();
        for (int i = 0; i < bytes.length; i++) {
            int kept = Math.max(0, Math.min(8, bits - i * 8));
            bytes[i] &= (byte) (0xff << (8 - kept));
        }
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address has become longer", e);
        }
    }
}
