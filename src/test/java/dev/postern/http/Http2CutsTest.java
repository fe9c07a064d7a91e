package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** As {@link CutsTest}, for the frames of HTTP/2, of clients and of servers: what comes of them does not depend on the cut. */
class Http2CutsTest {
    private static final String TIMEOUTS = "timeouts: { request-head: 10m, request-body: 10m, response: 60s }";

    /** What a quick run looks at: one offset in so many. */
    private static final int STRIDE = 23;

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
            String whole = "";
            for (int at = 0, length = 1; at < length; at += stride) {
                Http2Client client = client();
                client.raw(preface).raw(settings);
                byte[] mistake = Objects.requireNonNull(malformed(client).get(name), name);
                length = mistake.length;
                if (at > 0) {
                    client.raw(Arrays.copyOf(mistake, at));
                    KernelQueues.awaitRead(client.transport());
                }
                client.raw(Arrays.copyOfRange(mistake, at, length));
                Http2Wire.Frame answer =
                        client.await(frame -> frame.type() == Http2Wire.RST_STREAM || frame.type() == Http2Wire.GOAWAY);
                String outcome = answer.type() + " " + answer.error();
                if (at == 0) {
                    whole = outcome;
                }
                assertThat(outcome).as(name + ", cut at " + at).isEqualTo(whole);
                client.close();
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
        edge.startWith(List.of(server.address()), TIMEOUTS);
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
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", TIMEOUTS);
        RawClient client = edge.client();

        for (int at = 1; at <= length.get(); at++) {
            RawClient.Response response = client.get("localhost", "/" + at);
            assertThat(response.body()).as("cut at " + at).isEqualTo("hello");
            assertThat(response.header("x-n")).containsExactly("/" + at);
        }
        assertThat(server.resets()).isEmpty();
    }
}
