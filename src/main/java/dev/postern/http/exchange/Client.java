package dev.postern.http.exchange;

import dev.postern.config.AddressRange;
import dev.postern.config.Addresses;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RequestHead;
import dev.postern.route.RouteTable;
import dev.postern.wire.ClientCertificate;
import dev.postern.wire.Endpoints;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a client connection: who is at the other end, how it came in. The parts that go into every request
 * are kept as bytes.
 */
public final class Client {
    private static final byte[] HTTP_1_0 = HeadWriter.constant("1.0");
    private static final byte[] HTTP_1_1 = HeadWriter.constant("1.1");
    private static final byte[] HTTP_2 = HeadWriter.constant("2.0");

    private final String listener;
    private final Endpoints endpoints;
    private final boolean secure;
    private List<AddressRange> trustedProxies;
    private boolean trusted;
    private final @Nullable CertificateShown shown;
    private final boolean http2;
    private final byte[] addressBytes;
    private final byte[] portBytes;
    private final @Nullable TlsParameters tls;
    private final RefusalPace refusals = new RefusalPace();
    private @Nullable String called;

    /**
     * @param listener that it came in by
     * @param shown null on a plaintext connection
     * @param tls null on a plaintext connection
     */
    public Client(
            String listener,
            Endpoints endpoints,
            @Nullable CertificateShown shown,
            boolean http2,
            List<AddressRange> trustedProxies,
            @Nullable TlsParameters tls) {
        this.listener = listener;
        this.endpoints = endpoints;
        this.shown = shown;
        this.http2 = http2;
        this.tls = tls;
        this.secure = shown != null;
        int port = endpoints.local().getPort();
        InetAddress address = endpoints.client().getAddress();
        this.trustedProxies = trustedProxies;
        this.trusted = trusts(address);
        this.addressBytes = NetUtil.toAddressString(address).getBytes(StandardCharsets.US_ASCII);
        this.portBytes = Integer.toString(port).getBytes(StandardCharsets.US_ASCII);
    }

    /** What the listener is called that it came in by. */
    String listener() {
        return listener;
    }

    Endpoints endpoints() {
        return endpoints;
    }

    /** {@code 192.0.2.1:33224} or {@code [::1]:80}, for the log. */
    public String text() {
        return endpoints.clientText();
    }

    /** Of the connection: the client's own, or that of a proxy in front of us. */
    InetAddress address() {
        return endpoints.client().getAddress();
    }

    /** From now on it is these that are believed: connections outlive reloads, and trust must not. */
    void trust(List<AddressRange> proxies) {
        if (!proxies.equals(trustedProxies)) {
            trustedProxies = proxies;
            trusted = trusts(address());
        }
    }

    /** Whether what {@code proxy} says of whom it speaks for is believed on this connection. */
    boolean trusts(InetAddress proxy) {
        return AddressRange.anyContains(trustedProxies, proxy);
    }

    boolean isSecure() {
        return secure;
    }

    /** Whether the forwarded headers of this peer are believed. */
    boolean isTrusted() {
        return trusted;
    }

    /** Null on a plaintext connection. */
    @Nullable public CertificateShown shown() {
        return shown;
    }

    /** What it has shown; null where it was not asked for any certificate. */
    public @Nullable ClientCertificate certificate() {
        return shown == null ? null : shown.certificate().get();
    }

    /**
     * Whom a client means that has no word for it: who it named in its handshake, or else the address it came to.
     *
     * @return null where a client has to say it: without TLS, and where no site is for that address
     */
    @Nullable public String calledUs(RouteTable routes) {
        if (shown == null && !routes.servesUnnamed()) {
            return null;
        }
        if (called == null) {
            String name = shown == null ? Addresses.text(endpoints.local().getAddress()) : shown.serverName();
            String host = name.indexOf(':') < 0 ? name : "[" + name + "]";
            called = shown == null ? host : routes.hostOverTls(host);
        }
        return shown == null && routes.site(called) == null ? null : called;
    }

    public boolean isHttp2() {
        return http2;
    }

    /** The version a request came in, as {@code Via} tells it. */
    byte[] version(RequestHead request) {
        return http2 ? HTTP_2 : request.minorVersion() == 0 ? HTTP_1_0 : HTTP_1_1;
    }

    /** The version a request came in, as logs have it. */
    String protocol(RequestHead request) {
        return http2 ? "HTTP/2.0" : request.minorVersion() == 0 ? "HTTP/1.0" : "HTTP/1.1";
    }

    /** How long, in nanoseconds, another refusal has to wait. Proxies that are trusted speak for many, and are not kept. */
    long refusalWaitNanos(long now) {
        return trusted ? 0 : refusals.waitNanos(now);
    }

    @Nullable TlsParameters tls() {
        return tls;
    }

    byte[] addressBytes() {
        return addressBytes;
    }

    byte[] portBytes() {
        return portBytes;
    }
}
