package dev.postern.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import io.netty.handler.codec.http2.Http2Error;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients that do everything slowly, a hundred of each kind at once, while one wants its pages. */
@Tag("long") // Slow clients take their time: those that are just too slow are found out after ten seconds.
class SlowClientsTest {
    private static final int CONNECTIONS = 100;

    /**
     * Seconds that they would go on. They are cut off after ten, and need as long to see it: all that is left beyond that is
     * for a machine that has no time for them.
     */
    private static final int LONGEST = 240;

    /**
     * A reset is sent once. Where it arrives beside the window of a reader that takes next to nothing, the reader's kernel asks back
     * (RFC 5961, section 3.2), but not if it has just answered a probe of that window: then this reader never hears of it, whoever
     * the server is. The edge has let go of it all the same.
     */
    private static final int RESETS_LOST = 2;

    private static final byte[] PIECE = new byte[64 * 1024];

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /**
     * A slow reader sees that it was reset only behind what its own kernel has for it, about a kilobyte: it must not be too
     * slow for that.
     */
    @Test
    void slowClientsOfEveryKindAreCutOff() throws Exception {
        edge.startPlaintext(server(), "timeouts: { request-head: 2s, request-body: 2s, response: 3s, keep-alive: 2s }");
        List<Attack> attacks = List.of(
                attack("heads", "/large?1", "-H", "-i", "1", "-t", "GET"),
                attack("bodies", "/large?1", "-B", "-i", "3", "-s", "8192", "-t", "POST"),
                // More than the kernel holds: most of it waits with the server, which is held up meanwhile.
                attack("large", "/large?128", "-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "600"),
                // All of it is in the kernel: the exchanges are over before a client has read the first line. And it is
                // never silent for as long as the timeout.
                attack("kernel", "/large?4", "-X", "-w", "512", "-y", "1024", "-n", "1", "-z", "100", "-k", "3"));

        // One client, not a flood of its own: that takes the processors from the slow ones, who have to see their end.
        int pages = 0;
        for (Attack attack : attacks) {
            while (attack.cutOff() < CONNECTIONS - RESETS_LOST && !attack.slow().waitFor(50, TimeUnit.MILLISECONDS)) {
                RawClient client = edge.plainClient();
                assertThat(client.get("localhost", "/small").body()).isEqualTo("hello");
                client.close();
                pages++;
            }
            assertThat(attack.cutOff())
                    .as(Files.readString(attack.output()))
                    .isGreaterThanOrEqualTo(CONNECTIONS - RESETS_LOST);
        }
        assertThat(pages).isPositive();
        assertThat(edge.openConnections()).isLessThan(CONNECTIONS / 10);
    }

    /** @param output where it writes what became of its connections */
    private record Attack(Process slow, Path output) {
        private static final Pattern CLOSED = Pattern.compile("closed:[^\n]*m(\\d+)");

        /** How many of its connections have seen their end: it tells every five seconds, and when that is all of them. */
        int cutOff() throws IOException {
            String said = Files.readString(output);
            int last = 0;
            for (Matcher told = CLOSED.matcher(said); told.find(); ) {
                last = Integer.parseInt(told.group(1));
            }
            return said.contains("No open connections left") ? CONNECTIONS : last;
        }
    }

    private Attack attack(String name, String path, String... how) throws Exception {
        Path program = RealPrograms.require("slowhttptest", "slowhttptest");
        List<String> command = new ArrayList<>(List.of("stdbuf", "-oL", program.toString()));
        command.addAll(List.of(how));
        command.addAll(List.of("-c", "" + CONNECTIONS, "-r", "" + CONNECTIONS, "-l", "" + LONGEST, "-p", "5"));
        command.addAll(List.of("-u", "http://localhost:" + edge.httpPort() + path));
        Path output = edge.directory().resolve(name);
        Process slow = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .directory(edge.directory().toFile())
                .start();
        edge.closes(slow::destroyForcibly);
        return new Attack(slow, output);
    }

    /** Slower than keep-alive would allow, were the rest in the kernel not counted; and when we would have closed long ago. */
    @Test
    void readersThatTakeTheirTimeGetEverything() throws Exception {
        edge.startPlaintext(server(), "timeouts: { response: 10s, keep-alive: 500ms }");

        CompletableFuture<Integer> kept = slowReader("keep-alive");
        CompletableFuture<Integer> closed = slowReader("close");

        assertThat(kept.get(1, TimeUnit.MINUTES)).isGreaterThan(4 * PIECE.length);
        assertThat(closed.get(1, TimeUnit.MINUTES)).isGreaterThan(4 * PIECE.length);
    }

    /** How much it gets, at 80 kB/s: three seconds in all. */
    private CompletableFuture<Integer> slowReader(String connection) throws IOException {
        Socket client = edge.closes(new Socket());
        client.setReceiveBufferSize(4096);
        client.connect(new InetSocketAddress("localhost", edge.httpPort()));
        client.getOutputStream()
                .write(("GET /large?4 HTTP/1.1\r\nHost: localhost\r\nConnection: " + connection + "\r\n\r\n")
                        .getBytes(US_ASCII));
        CompletableFuture<Integer> whole = new CompletableFuture<>();
        AtomicInteger read = new AtomicInteger();
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
        edge.closes(clock::shutdownNow);
        var unused = clock.scheduleAtFixedRate(
                () -> {
                    try {
                        int length = client.getInputStream().read(new byte[4096]);
                        if (length < 0) {
                            whole.complete(read.get());
                        } else {
                            read.addAndGet(length);
                        }
                    } catch (IOException e) {
                        whole.completeExceptionally(e);
                    }
                },
                0,
                50,
                TimeUnit.MILLISECONDS);
        return whole;
    }

    private TestServer server() {
        return edge.closes(TestServer.startAtHead((request, connection) -> {
            if (request.path().equals("/small")) {
                connection.send(TestServer.ok("hello"));
            } else if (request.line().startsWith("POST")) {
                connection.in().transferTo(OutputStream.nullOutputStream());
            } else {
                int pieces = Integer.parseInt(request.path().substring("/large?".length()));
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + pieces * PIECE.length + "\r\n\r\n");
                for (int i = 0; i < pieces; i++) {
                    connection.send(PIECE);
                }
            }
        }));
    }

    /** Over HTTP/2 a stream is read slowly by opening its window slowly; what is sent is read at once. */
    @Test
    void streamWhoseWindowOpensByAFewBytesIsReset() throws Exception {
        edge.startWith(List.of(server().address()), "timeouts: { response: 3s }");
        Http2Client client = client().window(0, 1 << 30);

        client.get(1, "/large?4");
        opens(client, 1);
        assertThat(client.get(3, "/small").response(3).body()).isEqualTo("hello");

        assertThat(client.await(Http2Client.RST_STREAM, 1).error()).isEqualTo((int) Http2Error.INTERNAL_ERROR.code());
        assertThat(client.get(5, "/small").response(5).body()).isEqualTo("hello");
    }

    /** Every stream may have all the room it wants where the connection has none: they all wait, each with a good deal. */
    @Test
    void connectionWhoseWindowOpensByAFewBytesIsClosed() throws Exception {
        edge.startWith(List.of(server().address()), "timeouts: { response: 3s }");
        Http2Client client = client();
        client.get(1, "/large?4").window(1, 1 << 30).get(3, "/large?4").window(3, 1 << 30);
        client.await(frame -> frame.type() == Http2Client.DATA);

        opens(client, 0);

        Awaitility.await()
                .atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(edge.openConnections()).isZero());
        assertThat(client().get(1, "/small").response(1).body()).isEqualTo("hello");
    }

    private Http2Client client() throws IOException {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    /** By 100 bytes a second, until the client or the test has ended. */
    private void opens(Http2Client client, int window) {
        ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
        edge.closes(clock::shutdownNow);
        var unused = clock.scheduleAtFixedRate(() -> client.window(window, 50), 0, 500, TimeUnit.MILLISECONDS);
    }
}
