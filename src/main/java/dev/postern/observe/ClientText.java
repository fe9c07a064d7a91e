package dev.postern.observe;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** The text of a client's address; that of the last one is kept, for one client often asks many things. Event loop only. */
final class ClientText {
    private @Nullable InetAddress last;
    private String text = "";

    String of(InetAddress address) {
        if (!address.equals(last)) {
            last = address;
            String full = address.getHostAddress();
            int zone = full.indexOf('%');
            text = zone < 0 ? full : full.substring(0, zone);
        }
        return text;
    }
}
