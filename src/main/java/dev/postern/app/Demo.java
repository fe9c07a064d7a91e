package dev.postern.app;

import dev.postern.app.CannotStart.Reason;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.demo.ColouredServer;
import dev.postern.demo.Desk;
import dev.postern.demo.ToTry;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import dev.postern.time.TimeText;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Everything on one machine: an ACME CA of its own, two servers that can be stopped, a page to do so, and an edge that is
 * configured by a file like any other. Only the CA is not the real one; the edge does not know.
 */
public final class Demo implements AutoCloseable {
    private static final Duration CERTIFICATE_DEADLINE = Duration.ofSeconds(60);

    /** What the edge tells of its start is told by the steps, and in fewer words. */
    private static final List<String> QUIET =
            List.of("app.Edge", "listener", "acme", "http.step", "certificate.care.OrderDispatch");

    /** Looks at the page that may wait; a browser has one or two at a time. */
    private static final int PAGES_WAITING = 32;

    private static final int TOKEN_BYTES = 24;

    private final Clock clock = Clock.systemUTC();
    private final SecureRandom random = new SecureRandom();
    private final PrintWriter out;
    private final Wish wish;
    private final Path directory;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /**
     * What is asked for.
     *
     * @param http port of the plaintext listener; 0 for any free one
     * @param https port of the TLS listener; 0 for any free one
     * @param directory where everything is kept
     * @param certificateLife for how long the CA certifies; half of it passes before the edge renews
     */
    public record Wish(int http, int https, Path directory, Duration certificateLife) {}

    private Demo(Wish wish, PrintWriter out) {
        this.wish = wish;
        this.directory = wish.directory().toAbsolutePath().normalize();
        this.out = out;
    }

    /** Starts the demo and serves until TERM or INT; does not return, but for a failure to start. */
    public static void run(Wish wish, PrintWriter out) throws CannotStart, InterruptedException {
        // Before the first of these has a logger.
        QUIET.forEach(name -> System.setProperty("org.slf4j.simpleLogger.log.dev.postern." + name, "warn"));
        BackgroundOutput log = BackgroundOutput.replaceStandardError();
        var unused = LastWords.install(log);
        try {
            Demo demo = new Demo(wish, out);
            List<String> welcome = demo.start();
            Daemon.untilSignal(demo, () -> demo.say(welcome), log);
        } finally {
            log.drain();
        }
    }

    /**
     * Starts everything, and returns once the site is served.
     *
     * @return what to tell whoever looks
     */
    private List<String> start() throws CannotStart, InterruptedException {
        try {
            return open();
        } catch (IOException e) {
            close();
            // The JDK's messages about files are often only the path.
            String where = e instanceof FileSystemException file && file.getFile() != null ? file.getFile() + ": " : "";
            throw unavailable(where + DiskFailure.reason(e), e);
        } catch (ConfigurationProblems e) {
            close();
            throw new CannotStart(Reason.CONFIGURATION, e.lines(), e);
        } catch (CannotStart | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private List<String> open() throws IOException, ConfigurationProblems, CannotStart, InterruptedException {
        lockDirectory();
        int http = wish.http() == 0 ? freePort() : wish.http();
        // Certificates of minutes cannot begin a minute ago, and nobody's clock is wrong here.
        InternalCa ca =
                InternalCa.open(directory.resolve("ca"), clock, random, new InternalCa.Shape(1, 0, Duration.ZERO));
        AcmeServer acme = acmeServer(ca, http);
        step("an ACME CA of its own: " + acme.directory() + ", root " + ca.rootFile());
        List<ColouredServer> servers = List.of(server("blue"), server("green"));
        step("two servers: "
                + servers.stream()
                        .map(server -> server.colour() + " " + server.address())
                        .collect(Collectors.joining(", ")));
        Desk desk = new Desk(Threads.named("demo-desk"), Threads.fixed(1, PAGES_WAITING, "demo-page"), servers, clock);
        opened.push(desk);
        Path file = directory.resolve("postern.yaml");
        if (!Files.exists(token())) {
            byte[] token = new byte[TOKEN_BYTES];
            random.nextBytes(token);
            DurableFiles.create(token(), HexFormat.of().formatHex(token) + "\n");
        }
        Files.writeString(file, configuration(http, acme, ca, servers, desk));
        step("the configuration: " + file);
        Configuration config = ConfigurationFile.read(file);
        Edge edge = Edge.start(config, Daemon.schedule(), clock);
        opened.push(edge);
        int https = edge.httpsAddresses().get(0).getPort();
        String statusPage = "http://127.0.0.1:" + edge.adminAddresses().get(0).getPort() + "/";
        step("the edge: http 127.0.0.1:" + http + ", https 127.0.0.1:" + https + ", challenges answered on "
                + NetUtil.toSocketAddressString(edge.challengeAddresses().get(0)));
        CertificateStatus certificate = awaitCertificate(edge);
        step("the certificate for localhost: from " + certificate.issuer() + ", good until "
                + at(certificate.notAfter()) + ", renewed at " + at(certificate.nextRenewal()));
        ToTry toTry = new ToTry(
                ToTry.called(launcher(), Path.of(""), System.getenv("PATH")), Path.of(""), directory, http, https);
        desk.open(new Desk.Opening("https://localhost:" + https, statusPage, toTry, new SeenEdge(edge)));
        List<String> welcome = new ArrayList<>(List.of(
                "",
                "ready: https://localhost:" + https + "/ (the browser will warn of it: its CA is in no trust store)",
                "status: " + statusPage,
                ""));
        String before = "try:   ";
        for (String line : toTry.lines()) {
            welcome.add(before + line);
            before = "       ";
        }
        return welcome;
    }

    private void say(List<String> lines) {
        lines.forEach(out::println);
        out.flush();
    }

    private static String at(@Nullable Instant instant) {
        return instant == null ? "-" : TimeText.at(instant);
    }

    private Path token() {
        return ToTry.tokenFile(directory);
    }

    private static @Nullable Path launcher() {
        String launcher = System.getProperty("postern.launcher");
        return launcher == null ? null : Path.of(launcher);
    }

    /** Before anything is written: the files of a demo that runs there are not touched. */
    private void lockDirectory() throws IOException, CannotStart {
        FileChannel channel;
        try {
            Files.createDirectories(directory);
            channel = DurableFiles.openLock(directory.resolve(".lock"));
        } catch (IOException e) {
            throw unavailable(directory + ": cannot be written: " + DiskFailure.reason(e), e);
        }
        opened.push(channel);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // Held by this very process: the same answer as for another one.
        }
        if (lock == null) {
            throw unavailable(
                    directory + ": in use by another postern demo; stop that one first, or name another directory with"
                            + " --dir",
                    null);
        }
    }

    private static CannotStart unavailable(String line, @Nullable Exception cause) {
        return new CannotStart(Reason.UNAVAILABLE, List.of(line), cause);
    }

    private AcmeServer acmeServer(InternalCa ca, int http) throws IOException {
        ExecutorService executor = Threads.unlimited("demo-ca");
        opened.push(executor::shutdownNow);
        AcmeServer acme = AcmeServer.start(
                ca,
                new AcmeOptions(executor, clock, random)
                        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .state(directory.resolve("ca"))
                        .validationPort(http)
                        .certificateValidity(wish.certificateLife()));
        opened.push(acme);
        return acme;
    }

    private ColouredServer server(String colour) throws IOException {
        ColouredServer server = ColouredServer.start(colour, Threads.named("demo-" + colour));
        opened.push(server);
        return server;
    }

    private String configuration(int http, AcmeServer acme, InternalCa ca, List<ColouredServer> servers, Desk desk) {
        return """
                # Written by `postern demo`; every start writes it anew.
                listeners:
                  http: { bind: "127.0.0.1:%d" }
                  https: { bind: "127.0.0.1:%d" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0", token-file: %s }
                acme:
                  email: demo@localhost.example
                  agree-to-terms: true
                  issuers:
                    - { directory: "%s", ca-file: %s }
                  store: %s
                sites:
                  - names: [localhost]
                    backend: demo
                    routes:
                      # The page, for browsers; it is there when both servers are stopped.
                      - { exact: /, when: { headers: { Accept: { prefix: text/html } } }, backend: desk }
                      - { path: %s, backend: desk }
                backends:
                  demo:
                    servers:
                      - { address: "%s", name: %s }
                      - { address: "%s", name: %s }
                    # A server that is stopped in the middle of a request: the other one is asked.
                    retry: { attempts: 1 }
                    health: { path: /health, interval: 1s, rise: 2, fall: 2 }
                  desk:
                    servers: ["%s"]
                grace: 2s
                """.formatted(
                        http,
                        wish.https(),
                        quoted(token()),
                        acme.directory(),
                        quoted(ca.rootFile()),
                        quoted(directory.resolve("certs")),
                        Desk.PATH,
                        servers.get(0).address(),
                        servers.get(0).colour(),
                        servers.get(1).address(),
                        servers.get(1).colour(),
                        desk.address());
    }

    /** As YAML has it between double quotes. */
    static String quoted(Path path) {
        StringBuilder quoted = new StringBuilder("\"");
        path.toString().codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').appendCodePoint(c);
            } else if (Character.isISOControl(c)) {
                quoted.append(String.format("\\u%04x", c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append('"').toString();
    }

    private CertificateStatus awaitCertificate(Edge edge) throws CannotStart, InterruptedException {
        long end = System.nanoTime() + CERTIFICATE_DEADLINE.toNanos();
        while (true) {
            CertificateStatus status = edge.certificates().get(0);
            // One of an earlier start may have ended meanwhile.
            if (status.notAfter() != null && status.notAfter().isAfter(clock.instant())) {
                return status;
            }
            if (System.nanoTime() > end) {
                throw new CannotStart(
                        Reason.UNAVAILABLE,
                        List.of("demo: no certificate within " + CERTIFICATE_DEADLINE.toSeconds() + " s: "
                                + status.lastFailure()),
                        null);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private void step(String what) {
        out.println("demo: " + what);
        out.flush();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        Edge.closeAll(opened);
    }
}
