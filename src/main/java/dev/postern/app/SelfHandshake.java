package dev.postern.app;

import dev.postern.backend.ProxyPreamble;
import dev.postern.certificate.served.ServedCertificates;
import dev.postern.config.AddressRange;
import dev.postern.config.Addresses;
import dev.postern.pki.AnyCertificate;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.security.AlgorithmConstraints;
import java.security.AlgorithmParameters;
import java.security.CryptoPrimitive;
import java.security.Key;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * Connects to our own listener for TLS as any client does. The certificate is not validated: only which one it is counts,
 * and no byte is ever sent over the connection.
 */
final class SelfHandshake implements ServedCertificates {
    /** Our own loops answer in milliseconds; a full house (limits.connections) may take longer to let one more in. */
    private static final Duration DEADLINE = Duration.ofSeconds(5);

    /**
     * Where clients come in over TLS now.
     *
     * @param bound none where no site has TLS; every address stands for loopback
     * @param proxies from where connections have to begin with a PROXY header; this host may be one of them
     */
    record Door(List<InetSocketAddress> bound, List<AddressRange> proxies) {
        @Nullable InetSocketAddress first() {
            return bound.isEmpty() ? null : bound.get(0);
        }
    }

    private final Function<String, Door> doors;
    private final SSLContext tls = AnyCertificate.context();

    /** @param doors by server name */
    SelfHandshake(Function<String, Door> doors) {
        this.doors = doors;
    }

    private static InetSocketAddress reachable(InetSocketAddress now) {
        return now.getAddress().isAnyLocalAddress()
                ? new InetSocketAddress(InetAddress.getLoopbackAddress(), now.getPort())
                : now;
    }

    @Override
    public boolean mayAsk(String serverName) {
        InetSocketAddress now = doors.apply(serverName).first();
        InetAddress address = Addresses.literal(serverName);
        // A reload has certificates before it has the listener for them.
        return now != null && (address == null || isListeningAt(now.getAddress(), address));
    }

    /** Behind a NAT the address that clients come to is none of this host's, and it sees others. */
    private static boolean isListeningAt(InetAddress at, InetAddress address) {
        if (!at.isAnyLocalAddress()) {
            return at.equals(address);
        }
        try {
            return (at instanceof Inet6Address || address instanceof Inet4Address)
                    && NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException e) {
            return false;
        }
    }

    /** No signature with a curve, in whatever version; keys may well be agreed on with one. */
    private static final class RsaSignatures implements AlgorithmConstraints {
        @Override
        public boolean permits(
                Set<CryptoPrimitive> primitives, String algorithm, @Nullable AlgorithmParameters parameters) {
            String name = algorithm.toLowerCase(Locale.ROOT);
            return !primitives.contains(CryptoPrimitive.SIGNATURE) || !(name.contains("ec") || name.startsWith("ed"));
        }

        @Override
        public boolean permits(Set<CryptoPrimitive> primitives, Key key) {
            return true;
        }

        @Override
        public boolean permits(
                Set<CryptoPrimitive> primitives, String algorithm, Key key, @Nullable AlgorithmParameters parameters) {
            return permits(primitives, algorithm, parameters);
        }
    }

    @Override
    public X509Certificate leaf(String serverName) throws IOException {
        return leaf(serverName, null);
    }

    @Override
    public X509Certificate leafOfRsa(String serverName) throws IOException {
        return leaf(serverName, new RsaSignatures());
    }

    private X509Certificate leaf(String serverName, @Nullable AlgorithmConstraints constraints) throws IOException {
        Door door = doors.apply(serverName);
        InetSocketAddress now = door.first();
        if (now == null) {
            throw new IOException("the https listener is closed");
        }
        InetAddress address = Addresses.literal(serverName);
        InetSocketAddress listener = address == null ? reachable(now) : new InetSocketAddress(address, now.getPort());
        long end = System.nanoTime() + DEADLINE.toNanos();
        try (Socket plain = new Socket()) {
            plain.connect(listener, (int) DEADLINE.toMillis());
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            plain.setSoTimeout((int) Math.max(1, left));
            if (AddressRange.anyContains(door.proxies(), plain.getLocalAddress())) {
                plain.getOutputStream().write(ProxyPreamble.ofOurOwn());
            }
            try (SSLSocket socket =
                    (SSLSocket) tls.getSocketFactory().createSocket(plain, serverName, listener.getPort(), true)) {
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setServerNames(address == null ? List.of(new SNIHostName(serverName)) : List.of());
                if (constraints != null) {
                    parameters.setAlgorithmConstraints(constraints);
                }
                socket.setSSLParameters(parameters);
                socket.startHandshake();
                return (X509Certificate) socket.getSession().getPeerCertificates()[0];
            }
        } catch (SocketTimeoutException e) {
            throw new IOException("no handshake with " + listener + " within " + DEADLINE.toSeconds() + " s", e);
        } catch (IOException | IllegalArgumentException e) {
            throw new IOException("no handshake with " + listener + ": " + e.getMessage(), e);
        }
    }
}
