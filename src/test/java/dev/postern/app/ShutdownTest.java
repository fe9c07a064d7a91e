package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
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

    @Test
    void clientThatKeepsAskingIsToldToGoAndLosesNothing() throws Exception {
        start("30s");
        RawClient client = edge.client();
        AtomicInteger answered = new AtomicInteger();
        CompletableFuture<RawClient.Response> last = CompletableFuture.supplyAsync(() -> {
            RawClient.Response response = client.get("localhost", "/");
            while (response.status() == 200 && response.header("Connection").isEmpty()) {
                answered.incrementAndGet();
                response = client.get("localhost", "/");
            }
            return response;
        });
        Awaitility.await().until(() -> answered.get() > 50);

        edge.stop();

        assertThat(last.get(5, TimeUnit.SECONDS).status()).isEqualTo(200);
        assertThat(last.get().header("Connection")).containsExactly("close");
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
