package dev.postern.config;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * An address to listen on: {@code :443} (every address, IPv4 and IPv6), {@code 192.0.2.1:443} or {@code [2001:db8::1]:443}.
 *
 * @param address null for every address
 * @param port 0 to let the system choose
 * @param device the network interface that connections have to come in by; null for any
 * @param nonLocal whether it may be one that this host does not have, or not yet
 */
public record BindAddress(
        @Nullable InetAddress address, int port, @Nullable String device, boolean nonLocal) {
    /** By any network interface. */
    public BindAddress(@Nullable InetAddress address, int port) {
        this(address, port, null, false);
    }

    /** As an operator writes it. */
    @Override
    public String toString() {
        String by = device == null ? "" : " (" + device + ")";
        if (address == null) {
            return ":" + port + by;
        }
        // Java writes every zero of an IPv6 address; nobody else does.
        String text = address.getHostAddress().replaceFirst("(^|:)0(:0)+(:|$)", "::");
        return (text.contains(":") ? "[" + text + "]:" + port : text + ":" + port) + by;
    }
}
