package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.Http2Client;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that hang, as many as a few clients can make, while there are few file descriptors. */
@Tag("long")
@EnabledOnOs(OS.LINUX) // prlimit
class DescriptorsTest {
    private static final int DESCRIPTORS = 2048;
    private static final int CONNECTIONS = 22;
    private static final int STREAMS = 100;

    @TempDir
    private Path directory;

    private final CountDownLatch end = new CountDownLatch(1);

    @Test
    void hangingRequestsOfOneClientLeaveEverybodyElseTheirs() throws Exception {
        TestSite site = new TestSite(directory);
        try (TestServer hanging = TestServer.start((request, connection) -> await());
                TestServer quick = TestServer.saying("here");
                PosternProcess postern = run(site, hanging, quick)) {
            int https = postern.port("https");
            postern.awaitLine("ready: ");
            List<Http2Client> attackers = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                Http2Client attacker = Http2Client.connectFrom("127.0.0.2", https, site.trust(), "localhost");
                attackers.add(attacker);
                for (int stream = 0; stream < STREAMS; stream++) {
                    attacker.get(1 + 2 * stream, "/hangs");
                }
            }
            postern.awaitLine("limits.server-connections-per-client: ");

            everybodyElseIsServed(postern, site);
            assertThat(metric(postern, "postern_accept_failures_total{listener=\"https\"}"))
                    .isZero();
            assertThat(metric(postern, "postern_server_connections"))
                    .isLessThan(metric(postern, "postern_server_connections_limit") / 2);

            for (Http2Client attacker : attackers) {
                attacker.abort();
            }
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> metric(postern, "postern_server_connections")
                            == metric(postern, "postern_idle_server_connections"));
            everybodyElseIsServed(postern, site);
        } finally {
            end.countDown();
        }
    }

    private static void everybodyElseIsServed(PosternProcess postern, TestSite site) throws IOException {
        try (RawClient newcomer = RawClient.tls(postern.port("https"), site.trust(), "localhost");
                RawClient admin = RawClient.plain(postern.port("admin"));
                RawClient ca = RawClient.plain(postern.port("http"))) {
            assertThat(newcomer.get("localhost", "/").body()).isEqualTo("here");
            assertThat(admin.get("localhost", "/live").status()).isEqualTo(200);
            // Nobody's token; but it is the side port that says so.
            assertThat(ca.get("localhost", "/.well-known/acme-challenge/unknown")
                            .status())
                    .isEqualTo(404);
        }
    }

    /** A JVM that has none left cannot even read the class that would say so. */
    @ParameterizedTest
    @ValueSource(ints = {64, 128})
    void tooFewToStartWithAreNamed(int descriptors) throws Exception {
        try (PosternProcess postern = PosternProcess.startUnder(
                List.of("prlimit", "--nofile=" + descriptors + ":" + descriptors), directory, List.of(), "run")) {
            assertThat(postern.awaitExit()).isEqualTo(69);
            assertThat(postern.lines())
                    .containsExactly(
                            "postern: file descriptors: this process may have " + descriptors
                                    + " (expected: LimitNOFILE, or ulimit -n, of at least 256; each client takes two); not started");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"check", "cert list"})
    void tooFewForACommandAreNamed(String command) throws Exception {
        try (PosternProcess postern = PosternProcess.startUnder(
                List.of("prlimit", "--nofile=64:64"), directory, List.of(), command.split(" "))) {
            assertThat(postern.awaitExit()).isEqualTo(69);
            assertThat(postern.lines())
                    .containsExactly("postern: file descriptors: this process may have 64"
                            + " (expected: LimitNOFILE, or ulimit -n, of at least 128); nothing done");
        }
    }

    private static double metric(PosternProcess postern, String name) {
        try (RawClient admin = RawClient.plain(postern.port("admin"))) {
            return admin.get("localhost", "/metrics")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith(name + " "))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private PosternProcess run(TestSite site, TestServer hanging, TestServer quick) throws IOException {
        Path file = directory.resolve("postern.yaml");
        Files.writeString(file, """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    backend: quick
                    certificate: %s
                    routes: [{ path: /hangs, backend: hanging }]
                backends:
                  quick: { servers: ["%s"] }
                  hanging: { servers: ["%s"] }
                """.formatted(site.certificate("localhost"), quick.address(), hanging.address()));
        return PosternProcess.startUnder(
                List.of("prlimit", "--nofile=" + DESCRIPTORS + ":" + DESCRIPTORS),
                directory,
                List.of("-Xmx512m"),
                "run",
                "-c",
                file.toString());
    }

    private void await() {
        try {
            end.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
