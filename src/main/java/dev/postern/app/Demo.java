package dev.postern.app;

import dev.postern.app.CannotStart.Reason;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Everything on one machine: an ACME CA of its own, two backends, and an edge that is configured by a file like any
 * other. Only the CA is not the real one; the edge does not know.
 */
public final class Demo implements AutoCloseable {
    private static final Duration CERTIFICATE_DEADLINE = Duration.ofSeconds(60);
    private static final Duration CERTIFICATE_LIFE = Duration.ofDays(6);

    private final Clock clock = Clock.systemUTC();
    private final PrintWriter out;
    private final Path directory;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    private Demo(Path directory, PrintWriter out) {
        this.directory = directory;
        this.out = out;
    }

    /** Starts the demo and serves until TERM or INT; does not return, but for a failure to start. */
    public static void run(int httpPort, int httpsPort, Path directory, PrintWriter out)
            throws CannotStart, InterruptedException {
        BackgroundOutput log = BackgroundOutput.replaceStandardError();
        var unused = LastWords.install(log);
        try {
            Daemon.untilSignal(start(httpPort, httpsPort, directory, out), log);
        } finally {
            log.drain();
        }
    }

    /** Starts everything, and returns once the site is served. */
    static Demo start(int httpPort, int httpsPort, Path directory, PrintWriter out)
            throws CannotStart, InterruptedException {
        Demo demo = new Demo(directory.toAbsolutePath().normalize(), out);
        try {
            demo.open(httpPort, httpsPort);
            return demo;
        } catch (IOException e) {
            demo.close();
            // The JDK's messages about files are often only the path.
            String where = e instanceof FileSystemException file && file.getFile() != null ? file.getFile() + ": " : "";
            throw unavailable(where + DiskFailure.reason(e), e);
        } catch (ConfigurationProblems e) {
            demo.close();
            throw new CannotStart(Reason.CONFIGURATION, e.lines(), e);
        } catch (CannotStart | InterruptedException | RuntimeException e) {
            demo.close();
            throw e;
        }
    }

    private void open(int wantedHttp, int wantedHttps)
            throws IOException, ConfigurationProblems, CannotStart, InterruptedException {
        int http = wantedHttp == 0 ? freePort() : wantedHttp;
        lockDirectory();
        InternalCa ca = InternalCa.open(directory.resolve("ca"), clock, new SecureRandom());
        AcmeServer acme = acmeServer(ca, http);
        step("an ACME CA of its own: " + acme.directory() + ", root " + ca.rootFile());
        DemoBackend first = backend(1);
        DemoBackend second = backend(2);
        step("two backends: 127.0.0.1:" + first.port() + " and 127.0.0.1:" + second.port());
        Path file = directory.resolve("postern.yaml");
        Files.writeString(file, configuration(http, wantedHttps, acme, ca, List.of(first, second)));
        step("the configuration: " + file);
        Configuration config = ConfigurationFile.read(file);
        Edge edge = Edge.start(config, Daemon.schedule(), clock);
        opened.push(edge);
        int https = edge.httpsAddresses().get(0).getPort();
        step("the edge: http 127.0.0.1:" + http + ", https 127.0.0.1:" + https + ", challenges answered on "
                + NetUtil.toSocketAddressString(edge.challengeAddresses().get(0)));
        CertificateStatus certificate = awaitCertificate(edge);
        step("the certificate for localhost: from " + certificate.issuer() + ", good until " + certificate.notAfter()
                + ", kept in " + config.acme().store());
        out.println();
        out.println("ready: https://localhost:" + https + "/");
        out.println();
        out.println("try:   curl --cacert " + ca.rootFile() + " https://localhost:" + https + "/");
        out.println("       curl -i http://localhost:" + http + "/");
        out.flush();
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
                new AcmeOptions(executor, clock, new SecureRandom())
                        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                        .state(directory.resolve("ca"))
                        .validationPort(http)
                        .certificateValidity(CERTIFICATE_LIFE));
        opened.push(acme);
        return acme;
    }

    private DemoBackend backend(int number) throws IOException {
        DemoBackend backend = DemoBackend.start(number);
        opened.push(backend);
        return backend;
    }

    private String configuration(int http, int https, AcmeServer acme, InternalCa ca, List<DemoBackend> backends) {
        return """
                # Written by `postern demo`; every start writes it anew.
                listeners:
                  http: { bind: "127.0.0.1:%d" }
                  https: { bind: "127.0.0.1:%d" }
                  challenge: { bind: "127.0.0.1:0" }
                acme:
                  email: demo@localhost.example
                  agree-to-terms: true
                  issuers:
                    - { directory: "%s", ca-file: %s }
                  store: %s
                sites:
                  - names: [localhost]
                    backend: demo
                backends:
                  demo:
                    servers: ["127.0.0.1:%d", "127.0.0.1:%d"]
                """.formatted(
                        http,
                        https,
                        acme.directory(),
                        quoted(ca.rootFile()),
                        quoted(directory.resolve("certs")),
                        backends.get(0).port(),
                        backends.get(1).port());
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
            if (status.notAfter() != null) {
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
