package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two hundred connections ask as fast as they are answered, while others want to come in: prints how long that takes them.
 * It took seconds where an event loop worked on whatever everybody had sent before it looked at anything else.
 */
@Tag("long")
@Tag("alone")
class NewcomersTest {
    private static final int NEWCOMERS = 10;
    private static final long SLOW_MILLIS = 200;

    /** Of the half that fare better: generous, for the load is made by the same processors. */
    private static final long MAX_MEDIAN_MILLIS = 1000;

    private static final int ATTACKERS = 200;

    @TempDir
    private static Path directory;

    private static final List<AutoCloseable> OPEN = new ArrayList<>();
    private static TestSite site;
    private static PosternProcess postern;

    /** One for all loads: a new process takes longer to start than most of them last. */
    @BeforeAll
    static void start() throws IOException {
        site = new TestSite(directory);
        TestServer slow = closed(TestServer.start((request, connection) -> {
            takeTime();
            connection.send(TestServer.ok("slow"));
        }));
        TestServer sink = closed(TestServer.startAtHead(NewcomersTest::answer));
        TestServer quick = closed(TestServer.saying("here"));
        postern = closed(run(slow, sink, quick));
        postern.awaitLine("ready: ");
        visit();
    }

    private static <T extends AutoCloseable> T closed(T resource) {
        OPEN.add(0, resource);
        return resource;
    }

    @AfterAll
    static void stop() throws Exception {
        for (AutoCloseable resource : OPEN) {
            resource.close();
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                // Refused: the queue is full.
                "-m50 https://localhost:%d/slow",
                "--h1 -m20 https://localhost:%d/slow",
                // Answered here.
                "-m50 https://localhost:%d/here",
                "--h1 -m20 https://localhost:%d/here",
                "-m50 https://localhost:%d/moved",
                // Small ones for a server.
                "-m5 https://localhost:%d/",
                // With a body each, which who sends it and who takes it have no less work with, on the same processors.
                "-m2 -d %s https://localhost:%d/sink",
                "--h1 -d %s https://localhost:%d/sink",
            })
    void getTheirTurnWhateverOthersSend(String load) throws Exception {
        Path h2load = RealPrograms.require("h2load", "nghttp2-client");
        Path body = directory.resolve("body");
        Files.write(body, new byte[200_000]);
        int https = postern.port("https");
        String arguments = load.contains("%s") ? load.formatted(body, https) : load.formatted(https);
        List<String> command = new ArrayList<>(List.of(h2load.toString(), "-c" + ATTACKERS, "-D60"));
        command.addAll(List.of(arguments.split(" ", -1)));
        Process attack = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> connections() >= ATTACKERS);
            List<Long> visits = new ArrayList<>();
            List<Long> challenges = new ArrayList<>();
            List<Long> looks = new ArrayList<>();
            for (int i = 0; i < NEWCOMERS; i++) {
                visits.add(visit());
                challenges.add(validate());
                looks.add(look());
            }
            assertThat(attack.isAlive()).isTrue();
            System.out.printf(
                    "during %s: newcomers %s, challenges %s, admin page %s ms%n", load, visits, challenges, looks);
            assertThat(median(visits)).isLessThan(MAX_MEDIAN_MILLIS);
            assertThat(median(challenges)).isLessThan(MAX_MEDIAN_MILLIS);
            assertThat(median(looks)).isLessThan(MAX_MEDIAN_MILLIS);
            // Nor did a health check take the servers for dead because it had to wait.
            assertThat(postern.lines()).noneMatch(line -> line.contains(" WARN ") && line.contains("health"));
        } finally {
            attack.destroyForcibly().waitFor();
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> connections() == 0);
        }
    }

    /** Milliseconds for a connection, its handshake and a request. */
    private static long visit() throws IOException {
        long began = System.nanoTime();
        try (RawClient newcomer = RawClient.tls(postern.port("https"), site.trust(), "localhost")) {
            assertThat(newcomer.get("localhost", "/").body()).isEqualTo("here");
        }
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    }

    private static long median(List<Long> millis) {
        Collections.sort(millis);
        return millis.get(millis.size() / 2);
    }

    /** As a CA does, for a token that is not known. */
    private static long validate() throws IOException {
        long began = System.nanoTime();
        try (RawClient ca = RawClient.plain(postern.port("http"))) {
            assertThat(ca.get("localhost", "/.well-known/acme-challenge/unknown")
                            .status())
                    .isEqualTo(404);
        }
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    }

    /** As an operator does. */
    private static long look() throws IOException {
        long began = System.nanoTime();
        try (RawClient operator = RawClient.plain(postern.port("admin"))) {
            assertThat(operator.get("localhost", "/live").status()).isEqualTo(200);
        }
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    }

    /** To {@code https}, which are open. */
    private static double connections() {
        String name = "postern_connections{listener=\"https\"} ";
        try (RawClient admin = RawClient.plain(postern.port("admin"))) {
            return admin.get("localhost", "/metrics")
                    .body()
                    .lines()
                    .filter(line -> line.startsWith(name))
                    .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                    .findFirst()
                    .orElse(0);
        }
    }

    /** Takes the body, and does not keep it. */
    private static void answer(TestServer.Request request, TestServer.Connection connection) throws IOException {
        for (String length : request.header("Content-Length")) {
            connection.in().skipNBytes(Long.parseLong(length));
        }
        connection.send(TestServer.ok("taken"));
    }

    /** As a slow server does. */
    private static void takeTime() {
        try {
            boolean never = new CountDownLatch(1).await(SLOW_MILLIS, TimeUnit.MILLISECONDS);
            assertThat(never).isFalse();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static PosternProcess run(TestServer slow, TestServer sink, TestServer quick) throws IOException {
        Path file = directory.resolve("postern.yaml");
        Files.writeString(
                file, """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    backend: quick
                    certificate: %s
                    routes:
                      - { path: /slow, backend: slow }
                      - { path: /sink, backend: sink }
                      - { path: /here, respond: { status: 404, body: no } }
                      - { path: /moved, redirect: "https://localhost/" }
                backends:
                  quick: { servers: ["%s"], health: { path: /, interval: 500ms, timeout: 450ms, fall: 3 } }
                  sink: { servers: ["%s"] }
                  slow: { servers: [{ address: "%s", max-connections: 50 }], queue: { length: 200, timeout: 2s } }
                limits: { server-connections: 4000, server-connections-per-client: 4000 }
                """.formatted(site.certificate("localhost"), quick.address(), sink.address(), slow.address()));
        return PosternProcess.start(directory, List.of("-Xmx512m"), "run", "-c", file.toString());
    }
}
