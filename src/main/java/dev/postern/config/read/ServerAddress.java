package dev.postern.config.read;

import dev.postern.config.Addresses;
import dev.postern.config.Configuration;
import dev.postern.config.HostName;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.Spelling;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a server is: a DNS name, an IPv4 address or an IPv6 address in brackets, and a port.
 *
 * @param host without brackets
 */
record ServerAddress(String host, int port) {
    static final Scalar<ServerAddress> SCALAR = new Scalar<>(
            "HOST:PORT such as 10.0.0.11:8080, app.internal:8080 or [2001:db8::1]:8080", ServerAddress::parse);

    /** The same, or a UNIX socket of this machine. */
    static final Scalar<ServerAddress> OR_SOCKET = new Scalar<ServerAddress>(
                    "HOST:PORT such as 10.0.0.11:8080, app.internal:8080 or [2001:db8::1]:8080, or unix:/run/app.sock",
                    ServerAddress::parseOrSocket)
            .spelled(Spelling.form(
                    Spelling.ANY,
                    address -> address.host().startsWith(Configuration.Server.SOCKET) ? address.host() : null));

    /** {@code sun_path} of unix(7), without the zero at its end. */
    private static final int LONGEST_SOCKET = 107;

    private static ServerAddress parseOrSocket(String text, Path folder) throws NotUnderstood {
        if (!text.startsWith(Configuration.Server.SOCKET)) {
            return parse(text);
        }
        String path = text.substring(Configuration.Server.SOCKET.length());
        if (path.isEmpty()) {
            throw new NotUnderstood("has no path");
        }
        if (path.startsWith("//")) {
            throw new NotUnderstood("has two slashes, and is no URL");
        }
        try {
            String absolute = folder.resolve(path).toAbsolutePath().normalize().toString();
            if (absolute.getBytes(StandardCharsets.UTF_8).length > LONGEST_SOCKET) {
                throw new NotUnderstood(
                        "is longer than the " + LONGEST_SOCKET + " bytes that a socket's path may have");
            }
            return new ServerAddress(Configuration.Server.SOCKET + absolute, 0);
        } catch (InvalidPathException e) {
            throw new NotUnderstood("is not a path");
        }
    }

    static ServerAddress parse(String text) throws NotUnderstood {
        if (text.contains("://")) {
            throw new NotUnderstood("has a scheme; the tls of its backend says whether servers are spoken to over TLS");
        }
        if (text.contains("/")) {
            throw new NotUnderstood("has a path");
        }
        if (Addresses.literal(text) != null && text.contains(":")) {
            throw new NotUnderstood("has no brackets around an IPv6 address, or no port");
        }
        int colon = text.lastIndexOf(':');
        if (colon < 0 || text.endsWith("]")) {
            throw new NotUnderstood("has no port");
        }
        if (colon == 0) {
            throw new NotUnderstood("has no host");
        }
        int port = Addresses.port(text, 1);
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            String inner = host.substring(1, host.length() - 1);
            InetAddress address = Addresses.literal(inner);
            if (address == null || !inner.contains(":")) {
                throw new NotUnderstood("has no IPv6 address inside its brackets");
            }
            return new ServerAddress(inner.toLowerCase(Locale.ROOT), port);
        }
        if (Addresses.literal(host) != null && !host.contains(":")) {
            return new ServerAddress(host, port);
        }
        return new ServerAddress(HostName.server(host), port);
    }

    // What every record has to compare itself makes code of its own at the first call, at each start.

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ServerAddress same && same.port == port && same.host.equals(host);
    }

    @Override
    public int hashCode() {
        return 31 * host.hashCode() + port;
    }
}
