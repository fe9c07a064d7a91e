package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.KernelQueues;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What stopping does to those who are being served. */
class ShutdownTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final CountDownLatch answer = new CountDownLatch(1);

    private final TestServer server = TestServer.start((request, connection) -> {
        if (request.line().contains("/slow")) {
            await(answer);
        }
        connection.send(TestServer.ok("hello"));
    });

    @Test
    void exchangesUnderWayAreFinished() throws Exception {
        start("30s");
        RawClient idle = edge.client();
        idle.get("localhost", "/");
        RawClient busy = edge.client().request("GET /slow HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> server.requests().size() == 2);

        CompletableFuture<Void> stopped = CompletableFuture.runAsync(edge::stop);

        assertThat(idle.isClosedByPeer()).isTrue();
        assertThat(stopped).isNotDone();
        answer.countDown();
        RawClient.Response response = busy.response();
        assertThat(response.body()).isEqualTo("hello");
        assertThat(response.header("Connection")).containsExactly("close");
        assertThat(busy.isClosedByPeer()).isTrue();
        assertThat(stopped).succeedsWithin(Duration.ofSeconds(5));
    }

    // The second request waits with the edge when the response ends: where a drain began in between, and the first
    // response said nothing of it, it is answered all the same, and that answer says it.
    @Test
    void clientWhoseResponseHadBegunBeforeTheDrainLosesNothingEither() throws Exception {
        edge.closes(server);
        TestServer inTwoParts = edge.closes(TestServer.start((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
            await(answer);
            connection.send("lo");
        }));
        edge.startWith(List.of(inTwoParts.address()), "grace: 30s");
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        assertThat(client.response(true).header("Connection")).isEmpty();
        client.request("GET / HTTP/1.1", "Host: localhost");

        CompletableFuture<Void> stopped;
        try (CapturedLog log = CapturedLog.begin()) {
            stopped = CompletableFuture.runAsync(edge::stop);
            Awaitility.await().until(() -> !log.lines("for exchanges to end").isEmpty());
        }
        answer.countDown();

        assertThat(client.in().readNBytes(5))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("hello");
        RawClient.Response next = client.response();
        assertThat(next.body()).isEqualTo("hello");
        assertThat(next.header("Connection")).containsExactly("close");
        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(stopped).succeedsWithin(Duration.ofSeconds(30));
    }

    // An event loop that has work when it is told to end does not look for connections that are left.
    @Test
    void handshakeThatIsLeftIsClosedByAnEventLoopThatIsBusyToo() throws Exception {
        edge.closes(server);
        Edge running = edge.startWith(List.of(server.address()), "grace: 1s");
        RawClient client = edge.closes(RawClient.over(new Socket(InetAddress.getLoopbackAddress(), edge.httpsPort())));
        client.send(new byte[] {22, 3, 1});
        KernelQueues.awaitRead(client.socket());
        CountDownLatch busy = new CountDownLatch(1);
        Thread stopping = new Thread(edge::stop);
        try (CapturedLog log = CapturedLog.begin()) {
            stopping.start();
            Awaitility.await().until(() -> !log.lines("for exchanges to end").isEmpty());
            running.watched().stream()
                    .filter(WatchedLoop.class::isInstance)
                    .forEach(loop -> loop.ask(() -> await(busy)));
            Awaitility.await().until(() -> isWaitingForLoops(stopping));
        } finally {
            busy.countDown();
        }

        assertThat(client.isClosedByPeer()).isTrue();
        stopping.join();
    }

    private static boolean isWaitingForLoops(Thread stopping) {
        return Stream.of(stopping.getStackTrace())
                .anyMatch(frame -> frame.getClassName().endsWith(".DefaultPromise")
                        && frame.getMethodName().equals("await"));
    }

    // The rule is about silence, and so is the test: where this machine keeps the client from asking for a second, the
    // connection may be closed, as the one of any other idle client.
    @Test
    void clientThatKeepsAskingIsToldToGoAndLosesNothing() throws Exception {
        start("30s");
        RawClient client = edge.client();
        AtomicInteger answered = new AtomicInteger();
        AtomicLong silentNanos = new AtomicLong();
        CompletableFuture<RawClient.@Nullable Response> last = CompletableFuture.supplyAsync(() -> {
            RawClient.Response response = client.get("localhost", "/");
            while (response.status() == 200 && response.header("Connection").isEmpty()) {
                answered.incrementAndGet();
                long since = System.nanoTime();
                try {
                    response = client.get("localhost", "/");
                } catch (UncheckedIOException e) {
                    silentNanos.set(System.nanoTime() - since);
                    return null;
                }
            }
            return response;
        });
        Awaitility.await().until(() -> answered.get() > 50);

        edge.stop();

        RawClient.Response response = last.get(30, TimeUnit.SECONDS);
        if (response == null) {
            assertThat(silentNanos.get()).isGreaterThan(Duration.ofSeconds(1).toNanos());
        } else {
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.header("Connection")).containsExactly("close");
        }
    }

    @Test
    void tunnelsAreClosedOneAfterTheOtherAndNobodyWaitsForGrace() throws Exception {
        TestServer echo = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
            connection.in().read();
        }));
        edge.closes(server);
        edge.startWith(List.of(echo.address()), "grace: 10m");
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            RawClient client = edge.client()
                    .send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
            assertThat(client.response().status()).isEqualTo(101);
            clients.add(client);
        }

        CompletableFuture<Void> stopped = CompletableFuture.runAsync(edge::stop);

        assertThat(stopped).succeedsWithin(Duration.ofMinutes(1));
        assertThat(clients).allMatch(RawClient::isClosedByPeer);
    }

    @Test
    void graceCutsWhatTakesTooLong() throws Exception {
        start("200ms");
        RawClient busy = edge.client().request("GET /slow HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> server.requests().size() == 1);

        edge.stop();

        assertThat(busy.isClosedByPeer()).isTrue();
        answer.countDown();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void start(String grace) throws Exception {
        edge.closes(server);
        edge.startWith(List.of(server.address()), "grace: " + grace);
    }
}
