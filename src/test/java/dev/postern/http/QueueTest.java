package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Exchanges that wait because every server has as many as it may. */
class QueueTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final Semaphore answers = new Semaphore(0);
    private final AtomicInteger atOnce = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    private final TestServer server = TestServer.start((request, connection) -> {
        most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
        answers.acquireUninterruptibly();
        atOnce.decrementAndGet();
        connection.send(TestServer.ok(request.path()));
    });

    @Test
    void exchangesWaitInTheirOrderAndTheServerNeverHasMoreThanItMay() throws Exception {
        start(1, "{ length: 10, timeout: 1m }");
        RawClient[] clients = new RawClient[5];
        for (int i = 0; i < clients.length; i++) {
            clients[i] = edge.client().request("GET /" + i + " HTTP/1.1", "Host: localhost");
            if (i == 0) {
                awaitRequests(1);
            } else {
                // The next one comes when this one is in the line: each of its answers proves that it waits.
                settle(clients[i]);
            }
        }

        answers.release(clients.length);

        for (int i = 0; i < clients.length; i++) {
            assertThat(clients[i].response().body()).isEqualTo("/" + i);
        }
        assertThat(server.requests())
                .extracting(TestServer.Request::path)
                .containsExactly("/0", "/1", "/2", "/3", "/4");
        assertThat(most).hasValue(1);
    }

    @Test
    void fullQueueIs503AtOnceAndALongWaitIs503InTime() throws Exception {
        CapturedLog log = edge.closes(CapturedLog.begin());
        start(1, "{ length: 1, timeout: 300ms }");
        RawClient served = edge.client().request("GET /served HTTP/1.1", "Host: localhost");
        awaitRequests(1);
        RawClient waiting = edge.client().request("GET /waiting HTTP/1.1", "Host: localhost");
        settle(waiting);

        RawClient.Response refused = edge.client().get("localhost", "/refused");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(waiting.response().status()).isEqualTo(503);
        // In the words of the configuration.
        Awaitility.await()
                .until(() -> !log.lines("no server had room for 300ms").isEmpty());

        answers.release(2);
        assertThat(served.response().body()).isEqualTo("/served");
        assertThat(waiting.get("localhost", "/again").body()).isEqualTo("/again");
        assertThat(server.requests()).extracting(TestServer.Request::path).containsExactly("/served", "/again");
    }

    @Test
    void clientThatLeavesFreesItsPlaceAndIsNeverSent() throws Exception {
        start(1, "{ length: 1, timeout: 1m }");
        RawClient served = edge.client().request("GET /served HTTP/1.1", "Host: localhost");
        awaitRequests(1);
        RawClient leaving = edge.client().request("GET /leaving HTTP/1.1", "Host: localhost");
        settle(leaving);

        leaving.close();
        Awaitility.await().until(() -> edge.openConnections() == 1);
        RawClient next = edge.client().request("GET /next HTTP/1.1", "Host: localhost");
        settle(next);
        answers.release(2);

        assertThat(served.response().body()).isEqualTo("/served");
        assertThat(next.response().body()).isEqualTo("/next");
        assertThat(server.requests()).extracting(TestServer.Request::path).containsExactly("/served", "/next");
    }

    /** Until the edge has read its request: all that was sent before on other connections of the loop was read as well. */
    private void settle(RawClient client) {
        // A request of its own on each loop would have to be answered; what is told in the log is not for tests. The
        // edge
        // reads within a few milliseconds; the order of two clients is kept because the second one connects after that.
        // The edge's look at its own certificate may end meanwhile.
        AtomicInteger last = new AtomicInteger(-1);
        Awaitility.await().during(java.time.Duration.ofMillis(150)).until(() -> {
            int now = edge.openConnections();
            return client.socket().isConnected() && last.getAndSet(now) == now;
        });
    }

    private void awaitRequests(int count) {
        Awaitility.await().until(() -> server.requests().size() == count);
    }

    private void start(int max, String queue) throws Exception {
        edge.closes(server);
        edge.startWithBackend(
                "{ servers: [{ address: \"%s\", max-connections: %d }], queue: %s }"
                        .formatted(server.address(), max, queue),
                "");
    }
}
