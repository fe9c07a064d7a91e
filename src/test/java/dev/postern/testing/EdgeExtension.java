package dev.postern.testing;

import dev.postern.app.CannotStart;
import dev.postern.app.Edge;
import dev.postern.app.EdgeLoops;
import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationChange;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import dev.postern.schedule.Schedule;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real edge on real sockets, in this process: started from the text of a configuration, stopped after the test. Fails
 * the class whose tests leak a buffer. Servers that a test registers with {@link #closes} are closed with it.
 */
public final class EdgeExtension implements BeforeEachCallback, AfterEachCallback {
    private final List<AutoCloseable> closed = new ArrayList<>();
    private Path directory;
    private TestSite site;
    private MovedTicker ticker = new MovedTicker();
    private Edge edge;

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        LeakedResources.failClass(context);
        directory = Files.createTempDirectory("postern-test");
        // As an installation has it: an edge without a store takes no commands.
        Files.createDirectory(directory.resolve("certs"));
        site = new TestSite(directory);
    }

    /** Where the test may write; gone afterwards. */
    public Path directory() {
        return directory;
    }

    public TestSite site() {
        return site;
    }

    /** Closes {@code resource} after the edge. */
    public <T extends AutoCloseable> T closes(T resource) {
        closed.add(resource);
        return resource;
    }

    /**
     * Starts the edge with every listener on a port of its own choosing; {@code rest} is what follows {@code listeners}
     * in the configuration, and may name listeners itself instead.
     */
    public Edge start(String rest) throws CannotStart, ConfigurationProblems {
        Properties schedule = new Properties();
        // Every second rather than every minute, for tests that wait for it.
        schedule.setProperty(Schedule.SWEEP, "* * * * * ?");
        ticker = new MovedTicker();
        edge = Edge.start(configuration(rest), schedule, Clock.systemUTC(), ticker);
        return edge;
    }

    /**
     * Lets so much time pass for connections and requests, at once: whatever has come in is taken first, and what falls due
     * is done when this returns.
     */
    public void passes(Duration time) throws InterruptedException {
        EdgeLoops.settle(edge);
        ticker.forward(time);
        EdgeLoops.settle(edge);
    }

    /** For connections and requests time goes no further, however long the test takes, but with {@link #passes}. */
    public void timeStands() {
        ticker.stand();
    }

    /** Reloads the edge; {@code rest} as for {@link #start}, whose listeners stay where they are not named. */
    public ConfigurationChange reload(String rest) throws CannotStart, ConfigurationProblems {
        return edge.reload(configuration(rest));
    }

    /** What the edge keeps without a word about where, it keeps in the directory of the test. */
    public Configuration configuration(String rest) throws ConfigurationProblems {
        String listeners = rest.contains("listeners:") ? "" : """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                """;
        return ConfigurationFile.parse("test.yaml", listeners + rest, new Surroundings(Map.of(), directory));
    }

    /** As {@link #startWith(List, String)}, and {@code http} serves the site as well, without TLS. */
    public Edge startPlaintext(TestServer server, String more) throws CannotStart, ConfigurationProblems {
        return startWith(List.of(server.address()), """
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                """ + more);
    }

    /** One site, {@code localhost}, whose requests go to these servers; {@code more} follows in the configuration. */
    public Edge startWith(List<String> servers, String more) throws CannotStart, ConfigurationProblems {
        return startWithBackend("{ servers: " + addresses(servers) + " }", more);
    }

    /** One site, {@code localhost}, whose requests go to this backend; {@code more} follows in the configuration. */
    public Edge startWithBackend(String backend, String more) throws CannotStart, ConfigurationProblems {
        return start("""
                sites:
                  - names: [localhost]
                    backend: web
                    certificate: %s
                backends:
                  web: %s
                %s
                """.formatted(site.certificate("localhost"), backend, more));
    }

    /** A list as the configuration takes it. */
    public static String addresses(List<String> servers) {
        return servers.stream().map(server -> '"' + server + '"').toList().toString();
    }

    public Edge startWith(TestServer... servers) throws CannotStart, ConfigurationProblems {
        return startWith(Stream.of(servers).map(TestServer::address).toList(), "");
    }

    public int httpPort() {
        return edge.httpAddresses().get(0).getPort();
    }

    /** Of the {@code http} listener, in the order of the configuration. */
    public List<InetSocketAddress> httpAddresses() {
        return edge.httpAddresses();
    }

    /** Of the listener of HTTP of this name; none where there is none. */
    public List<InetSocketAddress> webAddresses(String listener) {
        return edge.webAddresses(listener);
    }

    public int httpsPort() {
        return edge.httpsAddresses().get(0).getPort();
    }

    /** Of a service of layer 4. */
    public int tcpPort(String service) {
        return edge.tcpAddresses(service).get(0).getPort();
    }

    public int challengePort() {
        return edge.challengeAddresses().get(0).getPort();
    }

    /** Of the admin listener, where the configuration has one. */
    public int adminPort() {
        return edge.adminAddresses().get(0).getPort();
    }

    public boolean hasAdmin() {
        return !edge.adminAddresses().isEmpty();
    }

    public SSLContext trust() {
        return site.trust();
    }

    /** A TLS connection to {@code localhost}. */
    public RawClient client() throws IOException {
        return closes(RawClient.tls(httpsPort(), trust(), "localhost"));
    }

    /** A plaintext connection to the {@code http} listener. */
    public RawClient plainClient() {
        return closes(RawClient.plain(httpPort()));
    }

    /** Clients that are connected now. */
    public int openConnections() {
        return edge.openConnections();
    }

    /** Ends the edge now. */
    public void stop() {
        if (edge != null) {
            edge.close();
            edge = null;
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        for (int i = closed.size() - 1; i >= 0; i--) {
            closed.get(i).close();
        }
        closed.clear();
        stop();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }
}
