package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.machine.MemoryGuard;
import dev.postern.testing.Debugger;
import dev.postern.testing.Http2Client;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that make us hold as much as they can. Whatever they do, others are answered while they do it or right after, or
 * the process ends and says why; it never stays without answering anybody.
 */
@Tag("long")
class MemoryAttackTest {
    /** Of the processor's time, where it is to be answered: on a machine that others keep busy it has little of each second. */
    private static final Duration RIGHT_AFTER = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    /** Takes connections, and nothing else. */
    private final ServerSocket silent;

    MemoryAttackTest() throws IOException {
        silent = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress());
    }

    private PosternProcess run(TestSite site, String maxHeap, String... more) throws Exception {
        Path file = directory.resolve("postern.yaml");
        Files.writeString(file, """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    backend: web
                    certificate: %s
                    routes: [{ exact: /ok, respond: { body: "fine" } }]
                backends:
                  web: { servers: [{ address: "127.0.0.1:%d", max-connections: 50 }], queue: { length: 1000000, timeout: 1h } }
                timeouts: { handshake: 10m, request-head: 10m }
                limits: { head: 64KiB }
                """.formatted(site.certificate("localhost"), silent.getLocalPort()));
        List<String> jvm = new ArrayList<>(List.of("-Xmx" + maxHeap));
        jvm.addAll(List.of(more));
        PosternProcess postern = PosternProcess.start(directory, jvm, "run", "-c", file.toString());
        postern.awaitLine("ready: ");
        return postern;
    }

    @Test
    void hundredsOfHttp2ConnectionsFullOfBigHeadsAreSurvivedOrEndTheProcess() throws Exception {
        TestSite site = new TestSite(directory);
        List<Http2Client> attackers = new ArrayList<>();
        try (PosternProcess postern = run(site, "160m")) {
            attack(postern, site.trust(), attackers);
            System.out.printf("%d attackers over HTTP/2%n", attackers.size());

            survivedOrEnded(postern, site.trust(), () -> {
                for (Http2Client attacker : attackers) {
                    attacker.abort();
                }
            });
        } finally {
            silent.close();
        }
    }

    @Test
    void requestsWhoseEndDoesNotComeAreSurvivedOrEndTheProcess() throws Exception {
        TestSite site = new TestSite(directory);
        List<Http2Client> attackers = new ArrayList<>();
        try (PosternProcess postern = run(site, "160m")) {
            attack(
                    postern,
                    site.trust(),
                    attackers,
                    (attacker, stream, field) -> attacker.request(
                            stream,
                            "POST",
                            "/",
                            false,
                            "content-length",
                            "0",
                            "x",
                            field,
                            "x",
                            field,
                            "x",
                            field,
                            "x",
                            field));

            survivedOrEnded(postern, site.trust(), () -> {
                for (Http2Client attacker : attackers) {
                    attacker.abort();
                }
            });
        } finally {
            silent.close();
        }
    }

    // There may always be one more thing that nobody thought of.
    @Test
    void heapThatIsExhaustedAllTheSameEndsTheProcessWhichSaysWhy() throws Exception {
        TestSite site = new TestSite(directory);
        List<Http2Client> attackers = new ArrayList<>();
        try (PosternProcess postern = run(site, "160m", Debugger.AGENT)) {
            try (Debugger debugger = Debugger.attach(postern)) {
                // It hears of no collection any more, and lets everybody in.
                debugger.set(MemoryGuard.class, "closed", true);
            }
            attack(postern, site.trust(), attackers);

            assertThat(postern.awaitExit()).isEqualTo(70);
            assertThat(postern.lines())
                    .anySatisfy(line ->
                            assertThat(line).contains("OutOfMemoryError").contains("ends with 70"));
            for (Http2Client attacker : attackers) {
                attacker.abort();
            }
        } finally {
            silent.close();
        }
    }

    private static void attack(PosternProcess postern, SSLContext trust, List<Http2Client> attackers) {
        attack(
                postern,
                trust,
                attackers,
                (attacker, stream, field) -> attacker.get(stream, "/", "x", field, "x", field, "x", field, "x", field));
    }

    private interface Big {
        void ask(Http2Client attacker, int stream, String field) throws IOException;
    }

    private static void attack(PosternProcess postern, SSLContext trust, List<Http2Client> attackers, Big request) {
        int https = postern.port("https");
        // Fits into the table of HPACK, so that four of them are four bytes, each time but the first.
        String field = "x".repeat(3_900);
        for (int i = 0; i < 300 && postern.isAlive(); i++) {
            try {
                Http2Client attacker = Http2Client.connect(https, trust, "localhost");
                attackers.add(attacker);
                for (int stream = 1; stream < 200; stream += 2) {
                    request.ask(attacker, stream, field);
                }
            } catch (IOException | UncheckedIOException refused) {
                // As it should be.
            }
        }
    }

    @Test
    void thousandsOfUnfinishedClientHellosAreSurvivedOrEndTheProcess() throws Exception {
        TestSite site = new TestSite(directory);
        List<SocketChannel> attackers = new ArrayList<>();
        try (PosternProcess postern = run(site, "96m")) {
            InetSocketAddress https = new InetSocketAddress(InetAddress.getLoopbackAddress(), postern.port("https"));
            byte[] hello = unfinishedHello();
            for (int i = 0; i < 3_000 && postern.isAlive(); i++) {
                SocketChannel attacker = SocketChannel.open();
                attackers.add(attacker);
                try {
                    attacker.connect(https);
                    attacker.write(ByteBuffer.wrap(hello));
                } catch (IOException refused) {
                    // As it should be.
                }
            }

            survivedOrEnded(postern, site.trust(), () -> {
                for (SocketChannel attacker : attackers) {
                    attacker.close();
                }
            });
        } finally {
            silent.close();
        }
    }

    /** Nobody of them leaves, and nobody has to: whoever holds memory and gets nothing done goes. */
    @ParameterizedTest
    @ValueSource(strings = {"hello", "head"})
    void whoeverHoldsMemoryAndGetsNothingDoneMakesRoomForOthers(String kind) throws Exception {
        TestSite site = new TestSite(directory);
        List<SocketChannel> attackers = new ArrayList<>();
        try (PosternProcess postern = run(site, "64m")) {
            boolean tls = kind.equals("hello");
            InetSocketAddress address =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), postern.port(tls ? "https" : "http"));
            byte[] begun = tls ? unfinishedHello() : unfinishedHead();
            for (int i = 0; i < 3_000; i++) {
                SocketChannel attacker = SocketChannel.open();
                attackers.add(attacker);
                try {
                    attacker.connect(address);
                    attacker.write(ByteBuffer.wrap(begun));
                } catch (IOException refused) {
                    // As it should be.
                }
            }

            await().atMost(RIGHT_AFTER).until(() -> warning(postern).isPresent());
            await().atMost(RIGHT_AFTER).until(() -> isAnswered(postern, site.trust()));
            assertThat(RawClient.plain(postern.port("admin"))
                            .get("localhost", "/metrics")
                            .body())
                    .containsPattern("postern_connections_closed_for_memory_total [1-9]");
        } finally {
            for (SocketChannel attacker : attackers) {
                attacker.close();
            }
            silent.close();
        }
    }

    private static byte[] unfinishedHead() {
        return ("GET / HTTP/1.1\r\nHost: localhost\r\n" + ("X: " + "x".repeat(7_000) + "\r\n").repeat(4))
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Of 40,000 bytes, in records of 16,000, of which 36,000 come. */
    private static byte[] unfinishedHello() {
        ByteBuffer hello = ByteBuffer.allocate(36_000 + 3 * 5);
        for (int record = 0; record < 3; record++) {
            hello.put((byte) 22).putShort((short) 0x0301).putShort((short) (record == 2 ? 8_000 : 16_000));
            if (record == 0) {
                hello.put((byte) 1).put((byte) 0).putShort((short) (40_000 - 4));
            }
            hello.position(Math.min(hello.capacity(), (record + 1) * 16_005));
        }
        return hello.array();
    }

    private interface Closing {
        void close() throws IOException;
    }

    private static void survivedOrEnded(PosternProcess postern, SSLContext trust, Closing attackers)
            throws IOException {
        boolean during = postern.isAlive() && isAnswered(postern, trust);
        attackers.close();
        if (!during) {
            Duration had = postern.processorTime();
            await().atMost(Duration.ofMinutes(10))
                    .until(() -> !postern.isAlive()
                            || isAnswered(postern, trust)
                            || postern.processorTime().minus(had).compareTo(RIGHT_AFTER) > 0);
            assertThat(!postern.isAlive() || isAnswered(postern, trust)).isTrue();
        }
        System.out.printf(
                "%s; %s%n",
                during ? "answered meanwhile" : postern.isAlive() ? "answered right after" : "ended",
                warning(postern).orElse("memory was never short"));
        if (!postern.isAlive()) {
            assertThat(postern.awaitExit()).isEqualTo(70);
            assertThat(postern.lines()).anySatisfy(line -> assertThat(line).contains("the process ends with 70"));
        } else if (warning(postern).isPresent()) {
            assertThat(RawClient.plain(postern.port("admin"))
                            .get("localhost", "/metrics")
                            .body())
                    .containsPattern("postern_(connections|requests)_refused_for_memory_total [1-9]");
        }
    }

    private static Optional<String> warning(PosternProcess postern) {
        return postern.lines().stream()
                .filter(line -> line.contains("memory is short: heap "))
                .findFirst();
    }

    private static boolean isAnswered(PosternProcess postern, SSLContext trust) {
        try (RawClient client = RawClient.tls(postern.port("https"), trust, "localhost")) {
            return client.get("localhost", "/ok").body().equals("fine");
        } catch (IOException | RuntimeException | AssertionError refused) {
            return false;
        }
    }
}
