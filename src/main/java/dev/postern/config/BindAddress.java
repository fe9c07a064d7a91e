package dev.postern.config;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * An address to listen on: {@code :443} (every address, IPv4 and IPv6), {@code 192.0.2.1:443} or {@code [2001:db8::1]:443}.
 *
 * @param address null for every address
 * @param port 0 to let the system choose
 */
public record BindAddress(@Nullable InetAddress address, int port) {
    /** As an operator writes it. */
    @Override
    public String toString() {
        if (address == null) {
            return ":" + port;
        }
        // Java writes every zero of an IPv6 address; nobody else does.
        String text = address.getHostAddress().replaceFirst("(^|:)0(:0)+(:|$)", "::");
        return text.contains(":") ? "[" + text + "]:" + port : text + ":" + port;
    }
}
