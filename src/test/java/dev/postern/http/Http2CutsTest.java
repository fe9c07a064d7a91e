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
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * As {@link CutsTest}, for the frames of HTTP/2, of clients and of servers: what comes of them does not depend on the cut, and
 * comes {@linkplain AtOnce at once}: each client waits for ten seconds at most, and no timer of the edge is as short as that.
 */
class Http2CutsTest {
    /** What a quick run looks at: one offset in so many. */
    private static final int STRIDE = 23;

    private static final int PUSH_PROMISE = 5;

    /**
     * What is the fault of a whole connection (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-5.4.1">RFC 9113
     * §5.4.1</a>), and GOAWAY with which code says so.
     */
    private static final Map<String, String> TOLD = Map.of(
            "DATA on stream 0", "7 1",
            "SETTINGS on a stream", "7 1",
            "SETTINGS of a small frame size", "7 1",
            "PUSH_PROMISE", "7 1",
            "SETTINGS of five bytes", "7 6",
            "PING of seven bytes", "7 6",
            "RST_STREAM of three bytes", "7 6",
            "HPACK that is none", "7 9");

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    // ---- of clients

    @Test
    void cutDoesNotChangeARequest() throws Exception {
        requests(STRIDE);
    }

    @Test
    @Tag("long")
    void noCutChangesARequest() throws Exception {
        requests(1);
    }

    private void requests(int stride) throws Exception {
        TestServer server = startEcho();
        List<Http2Client> clients = new ArrayList<>();
        List<byte[]> rests = new ArrayList<>();
        for (int at = 1, length = 2; at < length; at += stride) {
            Http2Client client = client();
            byte[] upload = upload(client);
            length = upload.length;
            clients.add(client.raw(Arrays.copyOf(upload, at)));
            rests.add(Arrays.copyOfRange(upload, at, length));
        }
        KernelQueues.awaitRead(clients.stream().map(Http2Wire::transport).toArray(Socket[]::new));
        for (int i = 0; i < clients.size(); i++) {
            clients.get(i).raw(rests.get(i));
        }
        for (int i = 0; i < clients.size(); i++) {
            assertThat(clients.get(i).response(1).body())
                    .as(rests.get(i).length + " bytes behind the cut")
                    .isEqualTo("hello");
        }
        assertThat(server.requests()).hasSize(clients.size());
    }

    @Test
    @Tag("long")
    void requestMayComeByteByByte() throws Exception {
        TestServer server = startEcho();
        Http2Client client = client();

        for (byte one : upload(client)) {
            client.raw(new byte[] {one});
            KernelQueues.awaitRead(client.transport());
        }

        assertThat(client.response(1).body()).isEqualTo("hello");
        assertThat(server.requests()).hasSize(1);
    }

    /** Each a mistake behind a good preface, of a stream or of the connection. */
    private static Map<String, byte[]> malformed(Http2Client client) {
        Map<String, byte[]> cases = new LinkedHashMap<>();
        cases.put("head without a path", head(client, ":method", "GET", ":scheme", "https"));
        cases.put(
                "name in capitals",
                head(
                        client,
                        ":method",
                        "GET",
                        ":scheme",
                        "https",
                        ":authority",
                        "localhost",
                        ":path",
                        "/",
                        "X-A",
                        "1"));
        cases.put("DATA on stream 0", Http2Wire.frame(Http2Wire.DATA, 0, 0, new byte[5]));
        cases.put("SETTINGS of five bytes", Http2Wire.frame(Http2Wire.SETTINGS, 0, 0, new byte[5]));
        cases.put("PING of seven bytes", Http2Wire.frame(Http2Wire.PING, 0, 0, new byte[7]));
        cases.put("RST_STREAM of three bytes", Http2Wire.frame(Http2Wire.RST_STREAM, 0, 1, new byte[3]));
        cases.put("window of nothing", Http2Wire.frame(Http2Wire.WINDOW_UPDATE, 0, 0, new byte[4]));
        cases.put("CONTINUATION of nothing", Http2Wire.frame(Http2Wire.CONTINUATION, 4, 1, new byte[3]));
        cases.put("HPACK that is none", Http2Wire.frame(Http2Wire.HEADERS, 5, 1, new byte[] {(byte) 0xff, -1, -1, -1}));
        return cases;
    }

    private static byte[] head(Http2Client client, String... fields) {
        return Http2Wire.frame(
                Http2Wire.HEADERS, Http2Wire.END_HEADERS | Http2Wire.END_STREAM, 1, client.block(1, fields));
    }

    @Test
    void cutDoesNotChangeAMistake() throws Exception {
        mistakes(STRIDE);
    }

    @Test
    @Tag("long")
    void noCutChangesAMistake() throws Exception {
        mistakes(1);
    }

    private void mistakes(int stride) throws Exception {
        TestServer server = startEcho();
        byte[] preface = Http2Wire.PREFACE.getBytes(StandardCharsets.US_ASCII);
        byte[] settings = Http2Wire.frame(Http2Wire.SETTINGS, 0, 0);
        for (String name : malformed(client()).keySet()) {
            List<Http2Client> clients = new ArrayList<>();
            List<byte[]> rests = new ArrayList<>();
            for (int at = 0, length = 1; at < length; at += stride) {
                Http2Client client = client();
                byte[] mistake = Objects.requireNonNull(malformed(client).get(name), name);
                length = mistake.length;
                clients.add(client.raw(preface).raw(settings).raw(Arrays.copyOf(mistake, at)));
                rests.add(Arrays.copyOfRange(mistake, at, length));
            }
            KernelQueues.awaitRead(clients.stream().map(Http2Wire::transport).toArray(Socket[]::new));
            String whole = "";
            for (int i = 0; i < clients.size(); i++) {
                try (Http2Client client = clients.get(i)) {
                    Http2Wire.Frame answer = client.raw(rests.get(i))
                            .await(frame -> frame.type() == Http2Wire.RST_STREAM || frame.type() == Http2Wire.GOAWAY);
                    String outcome = answer.type() + " " + answer.error();
                    if (i == 0) {
                        whole = outcome;
                    }
                    assertThat(outcome)
                            .as(name + ", cut " + rests.get(i).length + " bytes before its end")
                            .isEqualTo(whole);
                }
            }
        }
        assertThat(server.requests()).isEmpty();
    }

    private TestServer startEcho() throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) -> connection.send(TestServer.ok(
                request.header("x-long").equals(List.of("yes"))
                                && request.body().contains("hello")
                        ? "hello"
                        : request.toString()))));
        edge.startWith(List.of(server.address()), AtOnce.TIMEOUTS);
        return server;
    }

    private Http2Client client() throws Exception {
        return edge.closes(Http2Client.silent(edge.httpsPort(), edge.trust(), "localhost"));
    }

    /** Preface, SETTINGS, HEADERS, CONTINUATION, DATA, trailers. */
    private static byte[] upload(Http2Client client) {
        byte[] head = client.block(
                1, ":method", "POST", ":scheme", "https", ":authority", "localhost", ":path", "/", "x-long", "yes");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(Http2Wire.PREFACE.getBytes(StandardCharsets.US_ASCII));
        bytes.writeBytes(
                Http2Wire.frame(Http2Wire.SETTINGS, 0, 0, (byte) 0, (byte) 2, (byte) 0, (byte) 0, (byte) 0, (byte) 0));
        bytes.writeBytes(message(1, head, client.block(1, "x-sum", "1")));
        return bytes.toByteArray();
    }

    private static byte[] message(int stream, byte[] head, byte[] trailers) {
        int half = head.length / 2;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(Http2Wire.frame(Http2Wire.HEADERS, 0, stream, Arrays.copyOf(head, half)));
        bytes.writeBytes(Http2Wire.frame(
                Http2Wire.CONTINUATION, Http2Wire.END_HEADERS, stream, Arrays.copyOfRange(head, half, head.length)));
        bytes.writeBytes(Http2Wire.frame(Http2Wire.DATA, 0, stream, "hello".getBytes(StandardCharsets.US_ASCII)));
        bytes.writeBytes(
                Http2Wire.frame(Http2Wire.HEADERS, Http2Wire.END_HEADERS | Http2Wire.END_STREAM, stream, trailers));
        return bytes.toByteArray();
    }

    // ---- of servers

    /** The n-th answer on a connection is cut at n; the last one comes byte by byte. */
    @Test
    @Tag("long")
    void noCutChangesAnAnswer() throws Exception {
        AtomicInteger length = new AtomicInteger(1);
        Http2Server server = edge.closes(Http2Server.start((request, connection) -> {
            byte[] answer = message(
                    request.stream(),
                    connection.block(request.stream(), ":status", "200", "x-n", request.path()),
                    connection.block(request.stream(), "x-sum", "1"));
            length.set(answer.length);
            int at = Integer.parseInt(request.path().substring(1));
            if (at < answer.length) {
                connection.raw(Arrays.copyOf(answer, at));
                KernelQueues.awaitRead(connection.transport());
                connection.raw(Arrays.copyOfRange(answer, at, answer.length));
            } else {
                for (byte one : answer) {
                    connection.raw(new byte[] {one});
                    KernelQueues.awaitRead(connection.transport());
                }
            }
        }));
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", AtOnce.TIMEOUTS);
        RawClient client = edge.client();

        for (int at = 1; at <= length.get(); at++) {
            RawClient.Response response = client.get("localhost", "/" + at);
            assertThat(response.body()).as("cut at " + at).isEqualTo("hello");
            assertThat(response.header("x-n")).containsExactly("/" + at);
        }
        assertThat(server.resets()).isEmpty();
    }

    /** What a server may get wrong, and whether a head comes before it: of a stream or of the connection, in one frame or several. */
    private record ServerMistake(String name, boolean isBehindHead, Frames frames) {
        byte[] bytes(Http2Server.Connection connection, int stream) {
            return frames.of(connection, stream);
        }
    }

    @FunctionalInterface
    private interface Frames {
        byte[] of(Http2Server.Connection connection, int stream);
    }

    private static List<ServerMistake> mistakesOfServers() {
        int last = Http2Wire.END_HEADERS | Http2Wire.END_STREAM;
        List<ServerMistake> cases = new ArrayList<>();
        cases.add(headOf("no status", "content-type", "text/plain"));
        cases.add(headOf("status of four digits", ":status", "2000"));
        cases.add(headOf("status twice", ":status", "200", ":status", "200"));
        cases.add(headOf("pseudo-header of requests", ":status", "200", ":path", "/"));
        cases.add(headOf("name in capitals", ":status", "200", "X-A", "1"));
        // HPACK by hand: a literal x: y, then what stands for :status: 200.
        cases.add(frame("pseudo-header behind a field", false, Http2Wire.HEADERS, last, 1, new byte[] {
            0, 1, 'x', 1, 'y', (byte) 0x88
        }));
        cases.add(headOf("field of HTTP/1.1", ":status", "200", "connection", "close"));
        cases.add(headOf("Content-Length without a body", ":status", "200", "content-length", "5"));
        cases.add(headOf("interim answer that is the end", ":status", "103"));
        cases.add(frame("DATA before a head", false, Http2Wire.DATA, 0, 1, new byte[5]));
        for (boolean behind : new boolean[] {false, true}) {
            cases.add(frame("DATA on stream 0", behind, Http2Wire.DATA, 0, 0, new byte[5]));
            cases.add(frame("HEADERS on stream 0", behind, Http2Wire.HEADERS, last, 0, new byte[] {(byte) 0x88}));
            cases.add(frame("HEADERS on a stream that never was", behind, Http2Wire.HEADERS, last, 99, (byte) 0x88));
            cases.add(frame("SETTINGS of five bytes", behind, Http2Wire.SETTINGS, 0, 0, new byte[5]));
            cases.add(frame("SETTINGS on a stream", behind, Http2Wire.SETTINGS, 0, 1, new byte[6]));
            cases.add(frame(
                    "SETTINGS of a small frame size", behind, Http2Wire.SETTINGS, 0, 0, new byte[] {0, 5, 0, 0, 0, 1}));
            cases.add(frame("PING of seven bytes", behind, Http2Wire.PING, 0, 0, new byte[7]));
            cases.add(frame("PING on a stream", behind, Http2Wire.PING, 0, 1, new byte[8]));
            cases.add(frame("GOAWAY of seven bytes", behind, Http2Wire.GOAWAY, 0, 0, new byte[7]));
            cases.add(frame("RST_STREAM of three bytes", behind, Http2Wire.RST_STREAM, 0, 1, new byte[3]));
            cases.add(frame("window of nothing", behind, Http2Wire.WINDOW_UPDATE, 0, 0, new byte[4]));
            cases.add(frame("window of nothing, of the stream", behind, Http2Wire.WINDOW_UPDATE, 0, 1, new byte[4]));
            cases.add(frame("CONTINUATION of nothing", behind, Http2Wire.CONTINUATION, 4, 1, new byte[3]));
            cases.add(frame("PUSH_PROMISE", behind, PUSH_PROMISE, 4, 1, new byte[] {0, 0, 0, 2, (byte) 0x82}));
            cases.add(
                    frame("HPACK that is none", behind, Http2Wire.HEADERS, last, 1, new byte[] {(byte) 0xff, -1, -1}));
            cases.add(frame("padding longer than its frame", behind, Http2Wire.DATA, 8, 1, new byte[] {9, 0, 0}));
        }
        cases.add(new ServerMistake(
                "trailers that are not the end",
                true,
                (connection, asked) -> Http2Wire.frame(
                        Http2Wire.HEADERS, Http2Wire.END_HEADERS, asked, connection.block(asked, "x-sum", "1"))));
        cases.add(new ServerMistake(
                "trailers with a status",
                true,
                (connection, asked) ->
                        Http2Wire.frame(Http2Wire.HEADERS, last, asked, connection.block(asked, ":status", "200"))));
        cases.add(new ServerMistake("DATA between the parts of a head", false, (connection, asked) -> {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.writeBytes(Http2Wire.frame(Http2Wire.HEADERS, 0, asked, connection.block(asked, ":status", "200")));
            bytes.writeBytes(Http2Wire.frame(Http2Wire.DATA, 0, asked, new byte[2]));
            return bytes.toByteArray();
        }));
        return cases;
    }

    /** A head that is the whole answer. */
    private static ServerMistake headOf(String name, String... fields) {
        return new ServerMistake(
                name,
                false,
                (connection, asked) -> Http2Wire.frame(
                        Http2Wire.HEADERS,
                        Http2Wire.END_HEADERS | Http2Wire.END_STREAM,
                        asked,
                        connection.block(asked, fields)));
    }

    /** @param stream 1 for that of the request */
    private static ServerMistake frame(
            String name, boolean behindHead, int type, int flags, int stream, byte... payload) {
        return new ServerMistake(
                name + (behindHead ? ", behind a head" : ""),
                behindHead,
                (connection, asked) -> Http2Wire.frame(type, flags, stream == 1 ? asked : stream, payload));
    }

    @Test
    void cutDoesNotChangeAMistakeOfAServer() throws Exception {
        mistakesOfServers(7);
    }

    @Test
    @Tag("long")
    void noCutChangesAMistakeOfAServer() throws Exception {
        mistakesOfServers(1);
    }

    private void mistakesOfServers(int stride) throws Exception {
        MistakenServer server = new MistakenServer();
        for (ServerMistake each : mistakesOfServers()) {
            String whole = server.outcomes(each, List.of(0)).get(0);
            assertThat(whole).as(each.name()).startsWith(each.isBehindHead() ? "200, reset" : "502, whole");
            String kind = each.name().replace(", behind a head", "");
            assertThat(whole).as(each.name()).contains("server is told " + TOLD.getOrDefault(kind, ""));
            assertThat(whole).as(each.name()).doesNotContain("nothing");

            List<Integer> cuts = IntStream.iterate(stride, at -> at < server.length, at -> at + stride)
                    .boxed()
                    .toList();
            List<String> outcomes = server.outcomes(each, cuts);
            for (int i = 0; i < cuts.size(); i++) {
                assertThat(outcomes.get(i))
                        .as(each.name() + ", cut at " + cuts.get(i))
                        .isEqualTo(whole);
            }
        }
    }

    /** A request that a server has, and what it is told in the end: an error of its stream or of its connection. */
    private record Asked(Http2Server.Connection connection, int stream, CompletableFuture<String> told) {}

    /** Takes one request at a time on each connection, and answers as the test says. */
    private final class MistakenServer {
        private static final int MAX_CONCURRENT_STREAMS = 3;

        private final Map<String, CompletableFuture<Asked>> asked = new ConcurrentHashMap<>();
        private final Http2Client client;
        private int lastStream = -1;
        /** Of the mistake that was made last. */
        private int length;

        MistakenServer() throws Exception {
            Http2Server server = edge.closes(Http2Server.conversing(this::converse, MAX_CONCURRENT_STREAMS, 1));
            edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", AtOnce.TIMEOUTS);
            client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
        }

        private void converse(Http2Server.Connection connection) {
            Asked last = null;
            try {
                for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                    if (frame.type() == Http2Wire.SETTINGS && frame.flags() == 0) {
                        connection.send(Http2Wire.SETTINGS, Http2Wire.ACK, 0);
                    } else if (frame.type() == Http2Wire.HEADERS) {
                        last = new Asked(connection, frame.stream(), new CompletableFuture<>());
                        asked(frame.headers().path().toString()).complete(last);
                    } else if (last != null
                            && (frame.type() == Http2Wire.RST_STREAM || frame.type() == Http2Wire.GOAWAY)) {
                        last.told().complete(frame.type() + " " + frame.error());
                    }
                }
            } finally {
                if (last != null) {
                    last.told().complete("nothing");
                }
            }
        }

        /** What the client gets, and what the server is told; each mistake in two parts, all of them at once. */
        List<String> outcomes(ServerMistake mistake, List<Integer> cuts) throws Exception {
            int first = lastStream + 2;
            List<Asked> requests = new ArrayList<>();
            for (int i = 0; i < cuts.size(); i++) {
                lastStream += 2;
                client.request(lastStream, "POST", "/" + lastStream, true);
            }
            for (int i = 0; i < cuts.size(); i++) {
                requests.add(asked("/" + (first + 2 * i)).get(10, TimeUnit.SECONDS));
            }
            if (mistake.isBehindHead()) {
                requests.forEach(each -> each.connection().headers(each.stream(), false, ":status", "200"));
                awaitRead(requests);
            }
            List<byte[]> mistakes = requests.stream()
                    .map(each -> mistake.bytes(each.connection(), each.stream()))
                    .toList();
            for (int i = 0; i < cuts.size(); i++) {
                length = mistakes.get(i).length;
                requests.get(i).connection().raw(Arrays.copyOf(mistakes.get(i), cuts.get(i)));
            }
            awaitRead(requests);
            for (int i = 0; i < cuts.size(); i++) {
                requests.get(i)
                        .connection()
                        .raw(Arrays.copyOfRange(mistakes.get(i), cuts.get(i), mistakes.get(i).length));
            }
            List<String> outcomes = new ArrayList<>();
            for (int i = 0; i < cuts.size(); i++) {
                outcomes.add(ending(client, first + 2 * i) + ", server is told "
                        + requests.get(i).told().get(10, TimeUnit.SECONDS));
            }
            return outcomes;
        }

        private CompletableFuture<Asked> asked(String path) {
            return asked.computeIfAbsent(path, unused -> new CompletableFuture<>());
        }

        private static void awaitRead(List<Asked> requests) {
            KernelQueues.awaitRead(
                    requests.stream().map(each -> each.connection().transport()).toArray(Socket[]::new));
        }
    }

    private static String ending(Http2Client client, int stream) {
        String status = "none";
        while (true) {
            Http2Wire.Frame frame = client.await(next -> next.stream() == stream
                    && (next.type() == Http2Wire.HEADERS
                            || next.type() == Http2Wire.DATA
                            || next.type() == Http2Wire.RST_STREAM));
            if (frame.type() == Http2Wire.RST_STREAM) {
                return status + ", reset with " + frame.error();
            }
            status =
                    frame.type() == Http2Wire.HEADERS ? frame.headers().status().toString() : status;
            if (frame.isLast()) {
                return status + ", whole";
            }
        }
    }
}
