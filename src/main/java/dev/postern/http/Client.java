package dev.postern.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a client connection: who is at the other end, how it came in. The parts that go into every request
 * are kept as bytes.
 */
final class Client {
    private final InetSocketAddress client;
    private final boolean secure;
    private final int port;
    private final boolean trusted;
    private final @Nullable String certificateSite;
    private final byte[] addressBytes;
    private final byte[] portBytes;

    /** @param certificateSite the site whose certificate the client was shown; null on a plaintext connection */
    Client(
            InetSocketAddress client,
            InetSocketAddress local,
            @Nullable String certificateSite,
            List<dev.postern.config.AddressRange> trustedProxies) {
        this.client = client;
        this.certificateSite = certificateSite;
        this.secure = certificateSite != null;
        this.port = local.getPort();
        InetAddress address = client.getAddress();
        this.trusted = trustedProxies.stream().anyMatch(range -> range.contains(address));
        this.addressBytes = io.netty.util.NetUtil.toAddressString(address).getBytes(StandardCharsets.US_ASCII);
        this.portBytes = Integer.toString(port).getBytes(StandardCharsets.US_ASCII);
    }

    InetSocketAddress client() {
        return client;
    }

    boolean isSecure() {
        return secure;
    }

    /** The port of the listener. */
    int port() {
        return port;
    }

    /** Whether the forwarded headers of this peer are believed. */
    boolean isTrusted() {
        return trusted;
    }

    @Nullable String certificateSite() {
        return certificateSite;
    }

    byte[] addressBytes() {
        return addressBytes;
    }

    byte[] portBytes() {
        return portBytes;
    }
}
