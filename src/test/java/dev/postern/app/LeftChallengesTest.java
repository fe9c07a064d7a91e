package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeProbe;
import dev.postern.ca.acme.AcmeRequest;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.ca.acme.ChallengeValidator.Proof;
import dev.postern.ca.acme.Problem;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.testing.Installation;
import dev.postern.testing.RawClient;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The daemon ends in the middle of an order, whose CA was told to look. What that comes for is answered by the next daemon
 * from its first connection on, though it cannot go on with the order yet.
 */
@SuppressWarnings("NullAway") // A null fails the test, which is what it is for.
class LeftChallengesTest {
    private static final String SITE = "site.example";

    /** What a CA found out, once it has. */
    private record Look(Proof wanted, Consumer<Optional<Problem>> finding) {}

    @TempDir
    private Path directory;

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final BlockingQueue<Look> looks = new LinkedBlockingQueue<>();
    private final CountDownLatch caIsBack = new CountDownLatch(1);
    private volatile boolean caIsGone;
    private InternalCa ca;
    private AcmeServer acme;

    @BeforeEach
    void start() throws Exception {
        SecureRandom random = new SecureRandom();
        ca = InternalCa.open(directory.resolve("ca"), Clock.systemUTC(), random);
        AcmeProbe answersLater = new AcmeProbe() {
            @Override
            public void before(AcmeRequest request) throws Exception {
                if (caIsGone) {
                    caIsBack.await();
                }
            }
        };
        acme = AcmeServer.start(
                ca,
                new AcmeOptions(executor, Clock.systemUTC(), random)
                        .validator((wanted, finding) -> looks.add(new Look(wanted, finding)))
                        .probe(answersLater));
    }

    @AfterEach
    void stop() {
        caIsBack.countDown();
        acme.close();
        executor.shutdownNow();
    }

    @ParameterizedTest
    @SuppressWarnings("try") // They run, and that is all.
    @CsvSource({"http-01, true", "http-01, false", "tls-alpn-01, true", "tls-alpn-01, false"})
    void nextDaemonAnswersWhatTheCaWasToldToAskFor(String type, boolean crash) throws Exception {
        Installation first = installation("first", type);
        Installation second = installation("second", type);
        Look look;
        try (Edge edge = edge(first)) {
            look = looks.poll(30, TimeUnit.SECONDS);
            if (crash) {
                copy(first.store(), second.store());
            }
        }
        if (!crash) {
            copy(first.store(), second.store());
        }
        assertThat(look.wanted().type()).isEqualTo(type);
        Path kept = second.store().resolve(".challenges/" + look.wanted().token() + ".json");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)))
                .isEqualTo("rw-------");

        caIsGone = true;
        try (Edge edge = edge(second)) {
            assertThat(isAnswered(second, look.wanted())).isTrue();

            caIsGone = false;
            caIsBack.countDown();
            look.finding().accept(Optional.empty());
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> second.serves(SITE, Trust.root(ca)));
            await().until(() -> !Files.exists(kept));
            assertThat(isAnswered(second, look.wanted())).isFalse();
        }
        assertThat(acme.counters().orders()).isEqualTo(1);
        assertThat(looks).isEmpty();
    }

    private Installation installation(String name, String type) throws IOException {
        Installation made = new Installation(Files.createDirectories(directory.resolve(name)));
        return made.configure(made.acme(acme.directory(), ca.rootFile())
                + "  challenges: [" + type + "]\n"
                + Installation.sites(SITE));
    }

    private static Edge edge(Installation installation) throws Exception {
        return Edge.start(ConfigurationFile.read(installation.configuration()), Daemon.schedule(), Clock.systemUTC());
    }

    private static boolean isAnswered(Installation installation, Proof wanted) throws Exception {
        if (wanted.type().equals("http-01")) {
            try (RawClient client = RawClient.plain(installation.httpPort())) {
                return client.get(SITE, "/.well-known/acme-challenge/" + wanted.token())
                        .body()
                        .equals(wanted.keyAuthorization());
            }
        }
        try (RawClient client = RawClient.tls(
                installation.httpsPort(),
                everybody(),
                SITE,
                parameters -> parameters.setApplicationProtocols(new String[] {"acme-tls/1"}))) {
            X509Certificate shown =
                    (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
            return shown.getCriticalExtensionOIDs().contains("1.3.6.1.5.5.7.1.31");
        } catch (SSLHandshakeException nobodyIsAsked) {
            return false;
        }
    }

    /** As a validator does. */
    private static SSLContext everybody() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Everybody()}, null);
        return context;
    }

    private static final class Everybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** What a process leaves behind that is killed now; sockets are none of it. */
    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(folder)));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    Files.copy(file, to.resolve(from.relativize(file)));
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
