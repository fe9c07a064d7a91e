package dev.postern.http.h2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who writes is held up by who does not read: what is in between is bounded by the kernel's buffers and a little of ours. */
@Tag("long")
class BackPressureTest {
    private static final byte[] PIECE = new byte[64 * 1024];
    private static final long WHOLE = 96L << 20;

    /** Four socket buffers, which the kernel lets grow to 6 MB each at most, and a few dozen kilobytes of our own. */
    private static final long BOUND = 32L << 20;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final AtomicLong written = new AtomicLong();
    private final CountDownLatch reading = new CountDownLatch(1);

    @Test
    void clientThatDoesNotReadHoldsUpTheServer() throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + WHOLE + "\r\n\r\n");
            while (written.get() < WHOLE) {
                connection.send(PIECE);
                written.addAndGet(PIECE.length);
            }
        }));
        edge.startWith(server);
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");

        assertThat(stalledAt()).isBetween(1L, BOUND);

        long read = 0;
        byte[] buffer = new byte[64 * 1024];
        while (read < WHOLE) {
            read += client.in().read(buffer);
        }
        assertThat(written.get()).isEqualTo(WHOLE);
    }

    @Test
    void serverThatDoesNotReadHoldsUpTheClient() throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            try {
                reading.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            connection.in().skipNBytes(WHOLE);
            connection.send(TestServer.ok("got it"));
        }));
        edge.startWith(server);
        RawClient client = edge.client().request("POST / HTTP/1.1", "Host: localhost", "Content-Length: " + WHOLE);
        Thread writer = new Thread(() -> {
            while (written.get() < WHOLE) {
                client.send(PIECE);
                written.addAndGet(PIECE.length);
            }
        });
        writer.start();

        assertThat(stalledAt()).isBetween(1L, BOUND);

        reading.countDown();
        writer.join();
        assertThat(client.response().body()).isEqualTo("got it");
    }

    /** Its window has grown while the server kept up; what it may send once the server stops is bounded all the same. */
    @Test
    void serverThatStopsReadingHoldsUpAnHttp2ClientHoweverFarItsWindowHasGrown() throws Exception {
        long taken = WHOLE / 4;
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.in().skipNBytes(taken);
            try {
                reading.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            connection.in().skipNBytes(WHOLE - taken);
            connection.send(TestServer.ok("got it"));
        }));
        edge.startWith(server);
        HttpClient client = HttpClient.newBuilder().sslContext(edge.trust()).build();
        CompletableFuture<HttpResponse<String>> response = client.sendAsync(
                HttpRequest.newBuilder(URI.create("https://localhost:" + edge.httpsPort() + "/"))
                        .POST(HttpRequest.BodyPublishers.fromPublisher(
                                HttpRequest.BodyPublishers.ofInputStream(Counted::new), WHOLE))
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> written.get() > taken || response.isDone());
        assertThat(response).isNotDone();
        assertThat(stalledAt()).isBetween(taken, taken + BOUND);

        reading.countDown();
        assertThat(response.get().version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.get().body()).isEqualTo("got it");
        Awaitility.await().until(() -> WindowBudget.PROCESS.granted() == 0);
    }

    /** As many zeros as are asked for. */
    private final class Counted extends InputStream {
        @Override
        public int read() {
            throw new UnsupportedOperationException();
        }

        @Override
        public int read(byte[] into, int from, int length) {
            int more = (int) Math.min(length, WHOLE - written.get());
            written.addAndGet(more);
            return more == 0 ? -1 : more;
        }
    }

    /** How much has been written once no more is. */
    private long stalledAt() {
        AtomicLong before = new AtomicLong(-1);
        Awaitility.await()
                .pollInterval(Duration.ofMillis(200))
                .until(() -> written.get() > 0 && before.getAndSet(written.get()) == written.get());
        return written.get();
    }
}
