package dev.postern.devca;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.postern.config.Configuration.KeyType;
import dev.postern.devca.AcmeOptions.Transport;
import dev.postern.devca.AcmeRoutes.Route;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
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
 * {@link InternalCa} behind ACME, <a href="https://datatracker.ietf.org/doc/html/rfc8555">RFC 8555</a>, with HTTP-01. It
 * shows a certificate of the same CA, so a client that trusts {@link InternalCa#rootFile} trusts this server and what it
 * gives.
 */
public final class AcmeServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AcmeServer.class);

    /** A signed CSR with a hundred names and a 4096 bit key is a tenth of it. */
    private static final int BODY_LIMIT = 128 * 1024;

    /** For the server's own certificate, made at each start: cut off where the intermediate ends. */
    private static final Duration OWN_VALIDITY = Duration.ofDays(397);

    static {
        // JDK 17's server sends the head and the body of an answer in two packets, and without this lets the second
        // wait
        // for the client's acknowledgement: 40 ms for each request (not so on JDK 25). It has no setter.
        if (System.getProperty("sun.net.httpserver.nodelay") == null) {
            System.setProperty("sun.net.httpserver.nodelay", "true");
        }
    }

    private final HttpServer server;
    private final AcmeState state;
    private final AcmeUrls urls;
    private final AcmeRoutes routes;
    private final AcmeProbe probe;

    private AcmeServer(HttpServer server, InternalCa ca, AcmeState state, AcmeOptions options) {
        this.server = server;
        this.state = state;
        this.urls = new AcmeUrls(base(server.getAddress(), options.transport));
        this.routes = new AcmeRoutes(ca, state, urls, options);
        this.probe = options.probe;
    }

    /**
     * Binds and serves.
     *
     * @throws BindException where the port is in use
     */
    public static AcmeServer start(InternalCa ca, AcmeOptions options) throws IOException {
        Optional<Path> folder = options.state();
        AcmeState state = new AcmeState(
                Accounts.open(folder.map(path -> path.resolve("accounts")).orElse(null)));
        HttpServer http = bind(options);
        try {
            if (http instanceof HttpsServer https) {
                https.setHttpsConfigurator(new HttpsConfigurator(tls(ca, options)));
            }
            if (folder.isPresent()) {
                DurableFile.write(portFile(folder.get()), http.getAddress().getPort() + "\n", DurableFile.Readers.ALL);
            }
            AcmeServer server = new AcmeServer(http, ca, state, options);
            http.setExecutor(options.executor);
            http.createContext("/", server::handle);
            http.start();
            return server;
        } catch (IOException | RuntimeException e) {
            http.stop(0);
            throw e;
        }
    }

    /** Where a client begins. */
    public URI directory() {
        return URI.create(urls.directory());
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    public AcmeCounters counters() {
        return state.counters();
    }

    /** Closes the port and all connections at once. The executor is the caller's to end. */
    @Override
    public void close() {
        server.stop(0);
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        Route route = Route.of(path);
        try {
            probe.before(route.request());
            byte[] body = exchange.getRequestBody().readNBytes(BODY_LIMIT + 1);
            Reply reply = body.length > BODY_LIMIT
                    ? Reply.problem(413, Problem.of(ProblemType.MALFORMED, "request is too long"))
                    : routes.answer(
                            route,
                            exchange.getRequestMethod(),
                            path,
                            Optional.ofNullable(exchange.getRequestHeaders().getFirst("Content-Type"))
                                    .orElse(""),
                            new String(body, StandardCharsets.UTF_8));
            probe.after(route.request(), reply.status());
            send(exchange, reply);
        } catch (Exception | AssertionError e) {
            LOG.debug("internal ca: {}: connection dropped", path, e);
        } finally {
            exchange.close(); // without an answer where none was sent
        }
    }

    private static void send(HttpExchange exchange, Reply reply) throws IOException {
        reply.headers().forEach(header -> exchange.getResponseHeaders().add(header.name(), header.value()));
        byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
        boolean isHead = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(reply.status(), isHead || body.length == 0 ? -1 : body.length);
        if (!isHead && body.length > 0) {
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(body);
            }
        }
    }

    /** The port of the last time, because the URLs that clients keep contain it; else any. */
    private static HttpServer bind(AcmeOptions options) throws IOException {
        InetSocketAddress wanted = options.bind;
        if (wanted.getPort() == 0 && options.state().isPresent()) {
            Path file = portFile(options.state().get());
            if (Files.exists(file)) {
                try {
                    int port = Integer.parseInt(Files.readString(file).trim());
                    return create(options.transport, new InetSocketAddress(wanted.getAddress(), port));
                } catch (BindException | IllegalArgumentException e) {
                    // Clients are told that their account does not exist, and find it again by its key.
                    LOG.warn("internal ca: the port of last time cannot be used again: {}", e.getMessage());
                }
            }
        }
        return create(options.transport, wanted);
    }

    private static HttpServer create(Transport transport, InetSocketAddress address) throws IOException {
        return transport == Transport.HTTPS ? HttpsServer.create(address, 0) : HttpServer.create(address, 0);
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
        KeyPair key = KeyPairs.generate(KeyType.EC_P256, options.random);
        List<X509Certificate> chain = ca.issue(key.getPublic(), names, OWN_VALIDITY);
        try {
            char[] noPassword = new char[0];
            KeyStore store = KeyStore.getInstance("PKCS12");
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

    private static String base(InetSocketAddress address, Transport transport) {
        InetAddress ip = address.getAddress();
        // "localhost" means the IPv4 address to many clients, whatever else it means.
        String host = ip.isAnyLocalAddress() || literal(ip).equals("127.0.0.1") ? "localhost" : literal(ip);
        String scheme = transport == Transport.HTTPS ? "https" : "http";
        return scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    private static String literal(InetAddress address) {
        String text = address.getHostAddress().replaceFirst("%.*", "");
        return text.equals("0:0:0:0:0:0:0:1") ? "::1" : text;
    }
}
