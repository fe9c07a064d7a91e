package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire.Frame;
import dev.postern.testing.TestServer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What HTTP/2 can say and HTTP/1 cannot is never said to a server that speaks HTTP/1: it gets a well-formed request that
 * means the same, or nothing. {@link Http2Test} has the fields and targets one by one.
 */
class Http2DowngradeTest {
    private static final int ROUNDS = Integer.getInteger("postern.fuzz.rounds", 5_000) / 25;
    private static final int SEED = Integer.getInteger("postern.fuzz.seed", 1);

    private final TestServer server =
            TestServer.start((request, connection) -> connection.send(TestServer.ok("at " + request.path())));

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @BeforeEach
    void start() throws Exception {
        edge.closes(server);
        edge.startWith(server);
    }

    private Http2Client client() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    /** RFC 9113 §8.1.1: a body that is not as long as it was said to be is malformed, whichever way. */
    @ParameterizedTest
    @CsvSource({"5, 3", "5, 0", "5, 8", "0, 1"})
    void bodyOfAnotherLengthThanWasSaidCompletesNoRequest(int said, int sent) throws Exception {
        Http2Client client = client();
        client.request(1, "POST", "/wrong", false, "content-length", Integer.toString(said));
        untilRead(client);
        client.data(1, true, new byte[sent]);

        Frame end = client.await(frame ->
                frame.stream() == 1 && (frame.type() == Http2Client.RST_STREAM || frame.type() == Http2Client.HEADERS));
        if (end.type() == Http2Client.HEADERS) {
            assertThat(end.headers().status()).hasToString("400");
        }
        assertThat(client.get(3, "/next").response(3).body()).isEqualTo("at /next");
        assertThat(server.requests()).extracting(TestServer.Request::path).containsExactly("/next");
    }

    /** A request that says it has no body, and has not ended, is sent on once its end has come, whatever that is. */
    @ParameterizedTest
    @ValueSource(strings = {"DATA", "two DATA", "trailers"})
    void requestWithoutABodyIsSentOnOnceItHasEnded(String end) throws Exception {
        Http2Client client = client();
        client.request(1, "POST", "/empty", false, "content-length", "0");
        untilRead(client);
        assertThat(server.requests()).isEmpty();
        assertThat(server.connectionsAccepted()).isZero();

        if (end.equals("trailers")) {
            client.headers(1, true, "x-sum", "1");
        } else {
            if (end.equals("two DATA")) {
                client.data(1, false, new byte[0]);
                untilRead(client);
            }
            client.data(1, true, new byte[0]);
        }

        assertThat(client.response(1).body()).isEqualTo("at /empty");
        assertThat(server.requests()).hasSize(1);
        assertThat(server.requests().get(0).header("Content-Length")).containsExactly("0");
    }

    /** What comes next comes in another read: the edge has read all that was sent before, for it answers this. */
    private static void untilRead(Http2Client client) {
        client.send(Http2Client.PING, 0, 0, new byte[8]);
        assertThat(client.await(frame -> frame.type() == Http2Client.PING)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ":path",
                ":method",
                ":status",
                "transfer-encoding",
                "content-length",
                "host",
                "connection",
                "te",
                "Upper",
                "x y",
                "x\r\ny",
                "x:y"
            })
    void trailerThatWouldChangeTheRequestReachesNoServer(String name) throws Exception {
        Http2Client client = client();
        client.request(1, "POST", "/wrong", false).data(1, false, "body".getBytes(StandardCharsets.US_ASCII));
        untilRead(client);
        client.headers(1, true, name, "evil");

        client.await(frame ->
                (frame.stream() == 1 && (frame.type() == Http2Client.RST_STREAM || frame.type() == Http2Client.HEADERS))
                        || frame.type() == Http2Client.GOAWAY);
        assertThat(client().get(1, "/next").response(1).body()).isEqualTo("at /next");
        assertThat(server.received()).doesNotContain("evil");
    }

    @Test
    void trailerValueThatWouldBreakOutReachesNoServer() throws Exception {
        for (String value : List.of("a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\0X-Evil")) {
            Http2Client client = client();
            client.request(1, "POST", "/wrong", false).data(1, false, new byte[1]);
            client.headers(1, true, "x-sum", value);

            client.await(frame -> frame.type() == Http2Client.RST_STREAM || frame.type() == Http2Client.GOAWAY);
            assertThat(client().get(1, "/next").response(1).body()).isEqualTo("at /next");
            assertThat(server.received()).doesNotContain("X-Evil");
        }
    }

    /** Pseudo-header fields become the request line and Host: none of them may become a line more. */
    @ParameterizedTest
    @ValueSource(strings = {":method", ":path", ":scheme", ":authority", ":protocol", "host"})
    void pseudoHeaderFieldThatWouldBreakOutReachesNoServer(String name) throws Exception {
        Map<String, String> good =
                Map.of(":method", "POST", ":path", "/wrong", ":scheme", "https", ":authority", "localhost");
        for (String evil : List.of(
                "\r\nX-Evil: 1",
                "\nX-Evil: 1",
                "\rX-Evil: 1",
                "\0X-Evil",
                " X-Evil",
                "\t",
                " ",
                "\r\nConnection: Upgrade\r\nUpgrade: X-Evil",
                "\r\nTransfer-Encoding: chunked",
                "\r\nContent-Length: 0",
                "\r\nContent-Length: 0\r\n\r\nGET /X-Evil HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "\r\n\r\n")) {
            for (boolean behind : List.of(true, false)) {
                String plain = name.equals("host") ? "localhost" : good.getOrDefault(name, "websocket");
                Map<String, String> fields = new TreeMap<>(good);
                fields.put(name, behind ? plain + evil : evil + plain);
                if (name.equals("host")) {
                    // In the place of :authority.
                    fields.remove(":authority");
                }
                if (name.equals(":protocol")) {
                    fields.put(":method", "CONNECT");
                }
                List<String> pairs = new ArrayList<>();
                fields.forEach((key, value) -> pairs.addAll(List.of(key, value)));
                Http2Client client = client();
                client.headers(1, false, pairs.toArray(String[]::new))
                        .data(
                                1,
                                true,
                                "GET /X-Evil HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

                Frame end = client.await(frame -> frame.type() == Http2Client.RST_STREAM
                        || frame.type() == Http2Client.GOAWAY
                        || frame.type() == Http2Client.HEADERS);
                assertThat(end.type()).as(fields.toString()).isNotEqualTo(Http2Client.HEADERS);
            }
        }
        assertThat(client().get(1, "/next").response(1).body()).isEqualTo("at /next");
        assertThat(server.requests()).extracting(TestServer.Request::path).containsExactly("/next");
        assertThat(server.received()).doesNotContain("X-Evil");
    }

    /** RFC 9110 §4.2.3: the port that the scheme has anyway may be said, or not. */
    @ParameterizedTest
    @CsvSource({
        "https, localhost, LOCALHOST:443, 200",
        "https, localhost:443, localhost, 200",
        "https, localhost, localhost., 200",
        "http, localhost, localhost:80, 200",
        "https, localhost, localhost:80, 0",
        "http, localhost, localhost:443, 0",
        "https, localhost, localhost:8443, 0",
        "https, localhost, localhos, 0"
    })
    void hostMaySayThePortOfTheScheme(String scheme, String authority, String host, int status) throws Exception {
        Http2Client client = client();
        client.headers(
                1, true, ":method", "GET", ":scheme", scheme, ":authority", authority, ":path", "/", "host", host);

        Frame end = client.await(frame ->
                frame.stream() == 1 && (frame.type() == Http2Client.RST_STREAM || frame.type() == Http2Client.HEADERS));

        assertThat(end.type()).isEqualTo(status == 0 ? Http2Client.RST_STREAM : Http2Client.HEADERS);
        if (status != 0) {
            assertThat(end.headers().status()).hasToString(Integer.toString(status));
            assertThat(server.requests().get(0).header("Host")).containsExactly(authority);
        }
    }

    /** Authority and host that say the same are one thing; the server gets one Host. */
    @Test
    void hostThatIsTheAuthorityIsSaidOnce() throws Exception {
        assertThat(client().get(1, "/", "host", "localhost").response(1).status())
                .isEqualTo(200);

        assertThat(server.requests().get(0).header("Host")).containsExactly("localhost");
    }

    @Test
    void randomFieldsMakeAWellFormedRequestOrNone() throws Exception {
        RandomGenerator random = new SplittableRandom(SEED);
        Http2Client client = client();
        int stream = 1;
        int passed = 0;
        for (int round = 0; round < ROUNDS; round++) {
            server.requests().clear();
            String name = "x" + text(random, random.nextInt(4));
            String value = text(random, random.nextInt(8));
            String path = "/p" + round + (random.nextInt(4) == 0 ? text(random, 2) : "");
            client.get(stream, path, name, value);
            int asked = stream;
            Frame end = client.await(frame -> frame.type() == Http2Client.GOAWAY
                    || (frame.stream() == asked && (frame.type() == Http2Client.RST_STREAM || frame.isLast())));

            String shown = "round " + round + ": " + path + " " + name + ": " + value;
            assertThat(server.requests()).as(shown).hasSizeLessThanOrEqualTo(1);
            for (TestServer.Request request : server.requests()) {
                passed++;
                DesyncTest.assertWellFormed(request);
            }
            stream += 2;
            if (end == null || end.type() == Http2Client.GOAWAY || round % 50 == 49) {
                // Too many that are refused cost the connection.
                client = client();
                stream = 1;
            }
        }
        assertThat(passed).as("requests that were passed on").isBetween(ROUNDS / 20, ROUNDS);
    }

    /** Mostly what is allowed somewhere, and any octet. */
    private static String text(RandomGenerator random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) (random.nextInt(3) == 0 ? random.nextInt(256) : 'a' + random.nextInt(26)));
        }
        return text.toString();
    }
}
