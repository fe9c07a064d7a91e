package dev.postern.ca.acme;

import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions.Transport;
import dev.postern.config.KeyType;
import dev.postern.config.RegularFile;
import dev.postern.disk.DurableFiles;
import dev.postern.pki.Keys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link AcmeService} over HTTP. It
 * shows a certificate of the same CA, so a client that trusts {@link InternalCa#rootFile} trusts this server and what it
 * gives.
 */
public final class AcmeServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AcmeServer.class);

    /** For the server's own certificate, made at each start: cut off where the intermediate ends. */
    private static final Duration OWN_VALIDITY = Duration.ofDays(397);

    private final HttpPort port;
    private final AcmeService service;

    private AcmeServer(HttpPort port, AcmeService service) {
        this.port = port;
        this.service = service;
    }

    /**
     * Binds and serves.
     *
     * @throws BindException where the port is in use
     */
    public static AcmeServer start(InternalCa ca, AcmeOptions options) throws IOException {
        Optional<Path> folder = options.state();
        ServerSocket socket = bind(options);
        try {
            InetSocketAddress address = (InetSocketAddress) socket.getLocalSocketAddress();
            AcmeService service = AcmeService.open(ca, base(address, options.transport), options);
            if (folder.isPresent()) {
                DurableFiles.replaceForAll(portFile(folder.get()), address.getPort() + "\n");
            }
            SSLContext tls = options.transport == Transport.HTTPS ? tls(ca, options) : null;
            HttpPort port = HttpPort.start(socket, tls, options.executor, HttpPort.Limits.DEFAULT, service::answer);
            return new AcmeServer(port, service);
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** What answers; also to be asked and told things that have no URL. */
    public AcmeService service() {
        return service;
    }

    /** Where a client begins. */
    public URI directory() {
        return service.directory();
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return port.address();
    }

    public AcmeCounters counters() {
        return service.counters();
    }

    /** Closes the port and all connections at once. The executor is the caller's to end. */
    @Override
    public void close() {
        port.close();
    }

    /** The port of the last time, because the URLs that clients keep contain it; else any. */
    private static ServerSocket bind(AcmeOptions options) throws IOException {
        InetSocketAddress wanted = options.bind;
        if (wanted.getPort() == 0 && options.state().isPresent()) {
            Path file = portFile(options.state().get());
            if (Files.exists(file)) {
                try {
                    int port = Integer.parseInt(RegularFile.stored(file).trim());
                    return HttpPort.bind(new InetSocketAddress(wanted.getAddress(), port));
                } catch (IOException | IllegalArgumentException e) {
                    // Clients are told that their account does not exist, and find it again by its key.
                    LOG.warn(
                            "internal ca: the port of last time, in {}, cannot be used again: {}",
                            file,
                            e.getMessage());
                }
            }
        }
        return HttpPort.bind(wanted);
    }

    private static Path portFile(Path state) {
        return state.resolve("port");
    }

    private static SSLContext tls(InternalCa ca, AcmeOptions options) throws IOException {
        List<String> names = new ArrayList<>(List.of("localhost", "127.0.0.1", "::1"));
        String literal = literal(options.bind.getAddress());
        if (!options.bind.getAddress().isAnyLocalAddress() && !names.contains(literal)) {
            names.add(literal);
        }
        KeyPair key = Keys.generate(KeyType.EC_P256);
        List<X509Certificate> chain = ca.issue(key.getPublic(), names, OWN_VALIDITY);
        try {
            char[] noPassword = new char[0];
            // Never written: without the encryption of PKCS12, which takes longer than all else here.
            KeyStore store = KeyStore.getInstance("JKS");
            store.load(null, noPassword);
            store.setKeyEntry("server", key.getPrivate(), noPassword, chain.toArray(X509Certificate[]::new));
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, noPassword);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, options.random);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a JDK without TLS", e);
        }
    }

    private static URI base(InetSocketAddress address, Transport transport) {
        InetAddress ip = address.getAddress();
        // "localhost" means the IPv4 address to many clients, whatever else it means.
        String host = ip.isAnyLocalAddress() || literal(ip).equals("127.0.0.1") ? "localhost" : literal(ip);
        String scheme = transport == Transport.HTTPS ? "https" : "http";
        return URI.create(scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort());
    }

    private static String literal(InetAddress address) {
        String text = address.getHostAddress().replaceFirst("%.*", "");
        return text.equals("0:0:0:0:0:0:0:1") ? "::1" : text;
    }
}
