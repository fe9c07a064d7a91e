package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.AtOnce;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.KernelQueues;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * As {@link CutsTest} and {@link Http2CutsTest}, for bodies of more than a read, a record or a window, cut around what begins
 * and ends in them. How they are decoded is in {@code LargeBodiesTest}; here they go all the way, both ways.
 */
class LargeCutsTest {
    private static final int PADDED = 8;
    private static final int FRAME_HEAD = 9;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** Bytes, and where something begins or ends in them. */
    private static final class Marked {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final NavigableSet<Integer> marks = new TreeSet<>();

        Marked add(byte[] more) {
            bytes.writeBytes(more);
            marks.add(bytes.size());
            return this;
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }

        NavigableSet<Integer> cuts(int... near) {
            NavigableSet<Integer> cuts = new TreeSet<>();
            marks.forEach(mark -> Arrays.stream(near).forEach(by -> cuts.add(mark + by)));
            return cuts.subSet(1, true, bytes.size(), false);
        }
    }

    private static byte[] data(int size) {
        byte[] data = new byte[size];
        for (int i = 0; i < size; i++) {
            data[i] = (byte) ('a' + i * 31 / 7 % 26);
        }
        return data;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    // ---- in chunks

    private static final int[] CHUNKS = {0x3f, 0x4000, 1, 0x4001, 0x11170};

    private static Marked chunked() {
        Marked body = new Marked();
        for (int size : CHUNKS) {
            body.add(ascii(Integer.toHexString(size) + (size == 1 ? ";e=" + "f".repeat(250) : "") + "\r\n"));
            body.add(data(size)).add(ascii("\r\n"));
        }
        return body.add(ascii("0\r\n")).add(ascii("X-Sum: " + "1".repeat(300) + "\r\n\r\n"));
    }

    private static String content() {
        StringBuilder content = new StringBuilder();
        for (int size : CHUNKS) {
            content.append(new String(data(size), StandardCharsets.ISO_8859_1));
        }
        return content.toString();
    }

    /**
     * Client and server cut at the same place. Of a method that may be sent twice, so that a connection to the server is used
     * again however long the next request takes to come.
     */
    @Test
    void largeChunksAreWholeWhereverTheyAreCut() throws Exception {
        byte[] body = chunked().bytes();
        TestServer server = edge.closes(TestServer.start((request, connection) -> {
            int at = Integer.parseInt(request.path().substring(1));
            String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Echo: "
                    + content(request.body()).equals(content()) + "\r\n\r\n";
            byte[] answer = new Marked().add(ascii(head)).add(body).bytes();
            connection.send(Arrays.copyOf(answer, head.length() + at));
            KernelQueues.awaitRead(connection.socket());
            connection.send(Arrays.copyOfRange(answer, head.length() + at, answer.length));
        }));
        edge.startPlaintext(server, AtOnce.TIMEOUTS);
        RawClient plain = edge.plainClient();
        RawClient tls = edge.client();

        boolean encrypted = false;
        for (int at : chunked().cuts(-65, -1, 0, 1)) {
            RawClient client = encrypted ? tls : plain;
            encrypted = !encrypted;
            byte[] head = ascii("PUT /" + at + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
            byte[] request = new Marked().add(head).add(body).bytes();
            client.send(Arrays.copyOf(request, head.length + at));
            KernelQueues.awaitRead(client.socket());
            client.send(Arrays.copyOfRange(request, head.length + at, request.length));

            RawClient.Response response = client.response();
            assertThat(response.header("X-Echo")).as("request cut at " + at).containsExactly("true");
            assertThat(response.body()).as("answer cut at " + at).isEqualTo(content());
            assertThat(client.trailers()).containsExactly("X-Sum: " + "1".repeat(300));
        }
        assertThat(server.connectionsAccepted()).isLessThanOrEqualTo(2);
    }

    /** Of a body as it came, in whatever chunks. */
    private static String content(String chunks) {
        StringBuilder content = new StringBuilder();
        for (int at = 0; ; ) {
            int end = chunks.indexOf("\r\n", at);
            int size = Integer.parseInt(chunks.substring(at, end), 16);
            if (size == 0) {
                return content.toString();
            }
            content.append(chunks, end + 2, end + 2 + size);
            at = end + 2 + size + 2;
        }
    }

    // ---- in frames

    /** The largest there are, empty ones, some that are mostly padding; no more than a window of 65,535 takes. */
    private static Marked frames(int stream, byte[] head) {
        byte[] padded = new byte[1 + 100 + 255];
        padded[0] = (byte) 255;
        System.arraycopy(data(100), 0, padded, 1, 100);
        return new Marked()
                .add(head)
                .add(Http2Wire.frame(Http2Wire.DATA, 0, stream, data(16_384)))
                .add(Http2Wire.frame(Http2Wire.DATA, 0, stream))
                .add(Http2Wire.frame(Http2Wire.DATA, PADDED, stream, padded))
                .add(Http2Wire.frame(Http2Wire.DATA, 0, stream, data(16_383)))
                .add(Http2Wire.frame(Http2Wire.DATA, 0, stream, data(16_384)))
                .add(Http2Wire.frame(Http2Wire.DATA, 0, stream, data(15_000)))
                .add(Http2Wire.frame(Http2Wire.DATA, Http2Wire.END_STREAM, stream));
    }

    private static String contentOfFrames() {
        StringBuilder content = new StringBuilder();
        for (int size : new int[] {16_384, 100, 16_383, 16_384, 15_000}) {
            content.append(new String(data(size), StandardCharsets.ISO_8859_1));
        }
        return content.toString();
    }

    /** Client and server cut at the same place, and the client takes the answer by windows that no frame fits into. */
    @Test
    void largeFramesAreWholeWhereverTheyAreCut() throws Exception {
        Http2Server server = edge.closes(Http2Server.start((request, connection) -> {
            int at = Integer.parseInt(request.path().substring(1));
            byte[] head = connection.block(
                    request.stream(),
                    ":status",
                    "200",
                    "x-echo",
                    "" + request.body().equals(contentOfFrames()));
            byte[] answer = frames(
                            request.stream(),
                            Http2Wire.frame(Http2Wire.HEADERS, Http2Wire.END_HEADERS, request.stream(), head))
                    .bytes();
            int cut = FRAME_HEAD + head.length + at;
            connection.raw(Arrays.copyOf(answer, cut));
            KernelQueues.awaitRead(connection.transport());
            connection.raw(Arrays.copyOfRange(answer, cut, answer.length));
        }));
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", AtOnce.TIMEOUTS);
        // SETTINGS_INITIAL_WINDOW_SIZE.
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost", 4, 1));
        client.window(0, 1 << 30);

        int stream = -1;
        for (int at : frames(1, new byte[0]).cuts(-1, 0, 1, FRAME_HEAD, FRAME_HEAD + 1)) {
            stream += 2;
            client.request(stream, "POST", "/" + at, false);
            byte[] upload = frames(stream, new byte[0]).bytes();
            client.raw(Arrays.copyOf(upload, at));
            KernelQueues.awaitRead(client.transport());
            client.raw(Arrays.copyOfRange(upload, at, upload.length));
            for (int window : List.of(1, 16_383, 16_384, 16_385, 100_000)) {
                client.window(stream, window);
            }

            Http2Wire.Response response = client.response(stream);
            assertThat(response.headers().get("x-echo"))
                    .as("request cut at " + at)
                    .hasToString("true");
            assertThat(response.body()).as("answer cut at " + at).isEqualTo(contentOfFrames());
        }
        assertThat(server.resets()).isEmpty();
    }
}
