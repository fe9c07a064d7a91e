package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.TestServer;
import dev.postern.wire.Failure;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whoever asks again and again where there is no room is not refused faster than it helps anybody. */
class RefusalPaceTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final RefusalPace pace = new RefusalPace();

    @Test
    void firstHundredAreToldAtOnce() {
        long now = 42;
        for (int i = 0; i < 100; i++) {
            assertThat(pace.waitNanos(now)).isZero();
        }
        assertThat(pace.waitNanos(now)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(20));
        assertThat(pace.waitNanos(now)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(40));
    }

    @Test
    void whoStopsForTwoSecondsHasAHundredMore() {
        long now = 42;
        for (int i = 0; i < 200; i++) {
            var unused = pace.waitNanos(now);
        }
        now += TimeUnit.SECONDS.toNanos(4);
        for (int i = 0; i < 100; i++) {
            assertThat(pace.waitNanos(now)).isZero();
        }
        assertThat(pace.waitNanos(now)).isPositive();
    }

    @Test
    void whatIsTheClientsOwnFaultIsToldAtOnce() {
        assertThat(RefusalPace.paces(Failure.ByClient.NO_SUCH_ROUTE)).isFalse();
        assertThat(RefusalPace.paces(Failure.ByServer.CLOSED_BEFORE_RESPONSE)).isFalse();
        assertThat(RefusalPace.paces(Failure.ByServer.QUEUE_FULL)).isTrue();
        assertThat(RefusalPace.paces(Failure.ByEdge.OUT_OF_RESOURCES)).isTrue();
        assertThat(RefusalPace.paces(Failure.ByClient.TOO_MANY_REQUESTS)).isTrue();
    }

    /** A closed loop: each refusal is followed by another request at once. */
    @Test
    void closedLoopIsSlowedDownAndToldWhenToComeBack() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        TestServer server = edge.closes(TestServer.start((request, connection) -> {
            await(answer);
            connection.send(TestServer.ok("served"));
        }));
        edge.startWithBackend(
                "{ servers: [{ address: \"%s\", max-connections: 1 }], queue: { length: 1, timeout: 60s } }"
                        .formatted(server.address()),
                "");
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
        client.get(1, "/served");
        client.get(3, "/waits");
        long began = System.nanoTime();
        for (int i = 0; i < 150; i++) {
            int stream = 5 + 2 * i;
            client.get(stream, "/");
            Http2Wire.Response refused = client.response(stream);
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.headers().get("retry-after")).hasToString("1");
        }

        assertThat(System.nanoTime() - began).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(900));
        answer.countDown();
        assertThat(client.response(1).body()).isEqualTo("served");
        assertThat(client.response(3).body()).isEqualTo("served");
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
