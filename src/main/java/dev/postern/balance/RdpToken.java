package dev.postern.balance;

import dev.postern.backend.Server;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The token by which a session broker sends a client of RDP back to its server: {@code 3640205228.15629.0000}, the IPv4 address and
 * the port as numbers, the bytes of each in the wrong order
 * (<a href="https://learn.microsoft.com/openspecs/windows_protocols/ms-rdpbcgr">MS-RDPBCGR §3.2.5.3.1</a>).
 */
final class RdpToken {
    private RdpToken() {}

    /** That of {@code servers} which it names; null where it names none. */
    static @Nullable Server server(@Nullable String token, List<Server> servers) {
        if (token == null || token.isEmpty()) {
            return null;
        }
        for (Server server : servers) {
            for (SocketAddress address : server.addresses()) {
                if (address instanceof InetSocketAddress at && token.startsWith(begin(at))) {
                    return server;
                }
            }
        }
        return null;
    }

    /** What the token of a server at {@code address} begins with, to the dot behind the port. */
    private static String begin(InetSocketAddress address) {
        if (!(address.getAddress() instanceof Inet4Address)) {
            return " ";
        }
        byte[] bytes = address.getAddress().getAddress();
        long number = 0;
        for (int i = bytes.length - 1; i >= 0; i--) {
            number = number << 8 | (bytes[i] & 0xff);
        }
        int port = address.getPort();
        return number + "." + ((port & 0xff) << 8 | port >> 8) + ".";
    }
}
