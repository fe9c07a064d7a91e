package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A server sees only requests that nobody can read in two ways
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-11.2">RFC 9112 §11.2</a>). Each table shares one edge.
 */
class FramingTest {
    private static final String TIMEOUTS = "timeouts: { request-head: 5s, request-body: 5s }";

    /** What a smuggler hopes to get through behind a request that two readers end at different places. */
    private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    // ---- refused at once

    static Map<String, String> malformed() {
        Map<String, String> cases = new LinkedHashMap<>();
        lengths(cases);
        transferEncodings(cases);
        chunks().forEach((name, body) -> cases.put(name, chunked(body)));
        requestLines(cases);
        headerLines(cases);
        hosts(cases);
        return cases;
    }

    private static void lengths(Map<String, String> cases) {
        cases.put("CL, then TE", post("Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\n"));
        cases.put("TE, then CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4", "0\r\n\r\n"));
        cases.put("CL 0 and TE", post("Content-Length: 0\r\nTransfer-Encoding: chunked", "0\r\n\r\n"));
        cases.put("CL twice, the same", post("Content-Length: 2\r\nContent-Length: 2", "ab"));
        cases.put("CL twice, different", post("Content-Length: 2\r\nContent-Length: 0", "ab"));
        cases.put("CL twice, in different case", post("Content-Length: 2\r\ncONTENT-lENGTH: 2", "ab"));
        cases.put("CL list", post("Content-Length: 2, 2", "ab"));
        cases.put("CL with plus", post("Content-Length: +2", "ab"));
        cases.put("CL negative", post("Content-Length: -2", "ab"));
        cases.put("CL minus zero", post("Content-Length: -0", ""));
        cases.put("CL with underscore", post("Content-Length: 1_0", "0123456789"));
        cases.put("CL hexadecimal", post("Content-Length: 0x2", "ab"));
        cases.put("CL with a hexadecimal digit", post("Content-Length: a", "0123456789"));
        cases.put("CL with a space inside", post("Content-Length: 1 0", "0123456789"));
        cases.put("CL with a decimal point", post("Content-Length: 2.0", "ab"));
        cases.put("CL in quotes", post("Content-Length: \"2\"", "ab"));
        cases.put("CL empty", post("Content-Length:", ""));
        cases.put("CL with vertical tab", post("Content-Length: \u000b2", "ab"));
        cases.put("CL in digits of another script", post("Content-Length: \u00b2", "ab"));
        cases.put("CL 2^64 + 2", post("Content-Length: 18446744073709551618", "ab"));
        cases.put("CL 2^63", post("Content-Length: 9223372036854775808", "ab"));
        cases.put("CL of thirty zeros and 2", post("Content-Length: " + "0".repeat(30) + "2", "ab"));
    }

    private static void transferEncodings(Map<String, String> cases) {
        for (String value : List.of(
                "xchunked",
                "chunked, chunked",
                "chunked,",
                ",chunked",
                "gzip;q=1, chunked",
                "gzip chunked, chunked",
                "chunked, identity",
                "identity",
                "gzip",
                "chunked;q=1",
                "\"chunked\"",
                "chunke",
                "chunked chunked",
                "\u000bchunked",
                "chunked\u000b",
                "chunked\u00a0",
                "",
                "\r\n chunked")) {
            cases.put("TE " + printable(value), post("Transfer-Encoding: " + value, "0\r\n\r\n"));
        }
        cases.put("TE twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"));
        cases.put("TE twice, identity", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"));
        cases.put(
                "TE in HTTP/1.0",
                "POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED);
        cases.put("TE, space before the colon", post("Transfer-Encoding : chunked", "0\r\n\r\n"));
        cases.put("TE, tab before the colon", post("Transfer-Encoding\t: chunked", "0\r\n\r\n"));
        cases.put("TE on a folded line", post("X: y\r\n Transfer-Encoding: chunked", "0\r\n\r\n"));
        cases.put("TE behind a bare LF", post("X: y\nTransfer-Encoding: chunked", "0\r\n\r\n"));
        cases.put("TE behind a bare CR", post("X: y\rTransfer-Encoding: chunked", "0\r\n\r\n"));
        cases.put("TE behind a NUL", post("\0Transfer-Encoding: chunked", "0\r\n\r\n"));
    }

    /** Bodies that break the rules of chunks; the head in front of them is fine. */
    private static Map<String, String> chunks() {
        Map<String, String> cases = new LinkedHashMap<>();
        cases.put("chunk size with hex prefix", "0x2\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size with plus", "+2\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size negative", "-2\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size with underscore", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n");
        cases.put("chunk size not hexadecimal", "g\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size 2^64 + 2", "10000000000000002\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size 2^63", "8000000000000000\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size of many zeros", "0".repeat(40) + "2\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size empty", "\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size empty, with extension", ";a=b\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size after a space", " 2\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size before a space", "2 \r\nab\r\n0\r\n\r\n");
        cases.put("chunk size before a tab", "2\t;a\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size before a NUL", "2\0\r\nab\r\n0\r\n\r\n");
        cases.put("chunk size before a bare LF", "2\nab\r\n0\r\n\r\n");
        cases.put("chunk size before a bare CR", "2\rab\r\n0\r\n\r\n");
        cases.put("chunk size before two CRs", "2\r\r\nab\r\n0\r\n\r\n");
        cases.put("chunk extension with bare CR", "2;a\rb\r\nab\r\n0\r\n\r\n");
        cases.put("chunk extension with bare LF", "2;a\nb\r\nab\r\n0\r\n\r\n");
        cases.put("chunk extension with NUL", "2;a\0b\r\nab\r\n0\r\n\r\n");
        cases.put("chunk extension without end", "2;" + "a".repeat(300));
        cases.put("chunk extension too long", "2;" + "a".repeat(300) + "\r\nab\r\n0\r\n\r\n");
        cases.put("chunk data not followed by CRLF", "2\r\nab0\r\n\r\n");
        cases.put("chunk data longer than its size", "2\r\nabc\r\n0\r\n\r\n");
        cases.put("chunk data followed by a bare LF", "2\r\nab\n0\r\n\r\n");
        cases.put("chunk data followed by a bare CR", "2\r\nab\r0\r\n\r\n");
        cases.put("last chunk followed by a bare LF", "0\n\n");
        cases.put("trailer Content-Length", "0\r\nContent-Length: 5\r\n\r\n");
        cases.put("trailer Transfer-Encoding", "0\r\nTransfer-Encoding: chunked\r\n\r\n");
        cases.put("trailer Host", "0\r\nHost: example.com\r\n\r\n");
        cases.put("trailer with a bare LF", "0\r\nX: y\nZ: z\r\n\r\n");
        cases.put("trailer folded", "0\r\nX: y\r\n z\r\n\r\n");
        cases.put("trailer without a colon", "0\r\nGET /smuggled HTTP/1.1\r\n\r\n");
        cases.put("trailers too many", "0\r\n" + "X: y\r\n".repeat(101) + "\r\n");
        return cases;
    }

    private static void requestLines(Map<String, String> cases) {
        for (String line : List.of(
                "GET /",
                "GET /\r",
                "GET / HTTP/3",
                "GET / HTTP/1.10",
                "GET / HTTP/1,1",
                "GET / HTTP/01.1",
                "GET / http/1.1",
                "GET / HTTP/1.1 ",
                "GET / HTTP/1.1\t",
                "GET / HTTPS/1.1",
                "GET  / HTTP/1.1",
                "GET /  HTTP/1.1",
                "GET\t/ HTTP/1.1",
                "GET /\tHTTP/1.1",
                "GET / HTTP/1.1\r",
                " GET / HTTP/1.1",
                "\tGET / HTTP/1.1",
                "\r\n\r\nGET / HTTP/1.1",
                "\nGET / HTTP/1.1",
                "\0GET / HTTP/1.1",
                "G\0ET / HTTP/1.1",
                "G(T / HTTP/1.1",
                "/ HTTP/1.1",
                "GET HTTP/1.1",
                "GET",
                "GET /a b HTTP/1.1",
                "GET /a#b HTTP/1.1",
                "GET /a\0b HTTP/1.1",
                "GET /a\u007fb HTTP/1.1",
                "GET /a\rb HTTP/1.1",
                "GET /\u00e9 HTTP/1.1",
                "GET a HTTP/1.1",
                "GET ?a HTTP/1.1",
                "GET localhost/a HTTP/1.1",
                "GET \\a HTTP/1.1",
                "GET * HTTP/1.1",
                "OPTIONS ** HTTP/1.1",
                "CONNECT localhost:80 HTTP/1.1",
                "CONNECT / HTTP/1.1",
                "CONNECT http://localhost/ HTTP/1.1",
                "GET ftp://localhost/ HTTP/1.1",
                "GET http:/localhost/ HTTP/1.1",
                "GET http:// HTTP/1.1",
                "GET http:///a HTTP/1.1",
                "GET http://example.com/ HTTP/1.1",
                "GET http://localhost:81/ HTTP/1.1",
                "GET http://localhost@example.com/ HTTP/1.1",
                "GET http://user@localhost/ HTTP/1.1",
                "GET http://localhost\\example.com/ HTTP/1.1")) {
            cases.put("line " + printable(line), line + "\r\nHost: localhost\r\n\r\n");
        }
        cases.put("bare LF after the request line", "GET / HTTP/1.1\nHost: localhost\r\n\r\n");
        cases.put("bare CR after the request line", "GET / HTTP/1.1\rHost: localhost\r\n\r\n");
        cases.put("bare LFs everywhere", "GET / HTTP/1.1\nHost: localhost\n\n");
        cases.put("a TLS record", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003abcdefghij");
        cases.put("a PROXY protocol line", "PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\nGET / HTTP/1.1\r\n\r\n");
    }

    private static void headerLines(Map<String, String> cases) {
        for (String line : List.of(
                "X : y",
                "X\t: y",
                ": y",
                " X: y",
                "\tX: y",
                "X: y\r\n z",
                "X: y\r\n\tz",
                "X: y\r\n ",
                "X",
                "X y",
                "X\0: y",
                "X\u0001: y",
                "X(: y",
                "X\u00e9: y",
                "\"X\": y",
                "X: y\0z",
                "X: y\u0001z",
                "X: y\u007fz",
                "X: y\u000bz",
                "X: y\u000cz",
                "X: y\u001bz",
                "X: y\nZ: z",
                "X: y\rZ: z",
                "X: y\r\r",
                "X: y\r",
                "X: \n",
                "\nX: y",
                "\rX: y")) {
            cases.put("header " + printable(line), "GET / HTTP/1.1\r\nHost: localhost\r\n" + line + "\r\n\r\n");
        }
        cases.put("white space before the first header", "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n");
        cases.put("bare LF as the empty line", "GET / HTTP/1.1\r\nHost: localhost\r\n\n" + SMUGGLED);
        cases.put("bare CR as the empty line", "GET / HTTP/1.1\r\nHost: localhost\r\n\rX\r\n\r\n");
    }

    private static void hosts(Map<String, String> cases) {
        cases.put("no Host", "GET / HTTP/1.1\r\n\r\n");
        cases.put("no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n");
        cases.put("no Host with an absolute target", "GET http://localhost/ HTTP/1.1\r\n\r\n");
        cases.put("Host with a space before the colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n");
        for (String hosts : List.of(
                "localhost\r\nHost: localhost",
                "localhost\r\nHost: example.com",
                "localhost\r\nhOST: localhost",
                "localhost\r\n example.com",
                "",
                " ",
                "user@localhost",
                "localhost, example.com",
                "localhost example.com",
                "localhost\texample.com",
                "localhost/",
                "localhost/path",
                "localhost?q",
                "localhost#f",
                "localhost\\",
                "http://localhost",
                "localhost:a",
                "localhost:+80",
                "localhost:-1",
                "localhost:0",
                "localhost:65536",
                "localhost:99999999999",
                "localhost:80:80",
                "localhost:80a",
                ":80",
                "[::1",
                "[]",
                "[localhost]",
                "[::1]a",
                "::1",
                "loc%61lhost",
                "loc\u00e4lhost",
                "local\0host",
                "*",
                "\"localhost\"")) {
            cases.put("Host " + printable(hosts), "GET / HTTP/1.1\r\nHost: " + hosts + "\r\n\r\n");
        }
    }

    @TestFactory
    Stream<DynamicTest> malformedRequestIsAnswered400AndNoServerSeesAByteOfIt() throws Exception {
        TestServer server = edge.closes(TestServer.saying("never"));
        edge.startPlaintext(server, TIMEOUTS);

        return malformed().entrySet().stream()
                .map(each -> dynamicTest(each.getKey(), () -> {
                    RawClient client = edge.plainClient().send(each.getValue());

                    assertRefused(client, 400);
                    assertThat(server.received()).isEmpty();
                    assertThat(server.connectionsAccepted()).isZero();
                }));
    }

    @Test
    void malformedRequestOverTlsIsAnswered400AndNoServerSeesAByteOfIt() throws Exception {
        TestServer server = edge.closes(TestServer.saying("never"));
        edge.startPlaintext(server, TIMEOUTS);

        RawClient client = edge.client().send(post("Content-Length: 4\r\nTransfer-Encoding: chunked", "0\r\n\r\n"));

        assertRefused(client, 400);
        assertThat(server.connectionsAccepted()).isZero();
    }

    /** RFC 9110 §2.5, §15.6.6. */
    @ParameterizedTest
    @ValueSource(strings = {"HTTP/2.0", "HTTP/0.9", "HTTP/3.0", "HTTP/9.9"})
    void anotherVersionIsAnswered505(String version) throws Exception {
        TestServer server = edge.closes(TestServer.saying("never"));
        edge.startPlaintext(server, TIMEOUTS);

        assertRefused(edge.plainClient().send("GET / " + version + "\r\nHost: localhost\r\n\r\n"), 505);
        assertRefused(edge.plainClient().send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
        assertThat(server.connectionsAccepted()).isZero();
    }

    /** RFC 9112 §6.1: where the body ends is beyond doubt, and only what it means is not known. */
    @ParameterizedTest
    @ValueSource(strings = {"gzip, chunked", "cow,chunked", "identity , Chunked", "a, b,\tchunked"})
    void codingThatNobodyKnowsInFrontOfChunkedIsAnswered501(String codings) throws Exception {
        TestServer server = edge.closes(TestServer.saying("never"));
        edge.startPlaintext(server, TIMEOUTS);

        assertRefused(edge.plainClient().send(post("Transfer-Encoding: " + codings, "0\r\n\r\n")), 501);
        assertRefused(
                edge.plainClient().send(post("Transfer-Encoding: " + codings + "\r\nContent-Length: 1", "0\r\n\r\n")),
                400);
        assertThat(server.connectionsAccepted()).isZero();
    }

    /** Names that a careless reader takes for those that say where a body ends do not get through. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Transfer-%45ncoding",
                "Transfer---Encoding",
                "TransferEncoding",
                "Transfer_Encoding",
                "transfer.encoding",
                "Transfer-Encoding-",
                "'Transfer-Encoding'",
                "%54ransfer%2dEncodin%67",
                "Content--Length",
                "content%2Dlength",
                "Content_Length",
                "Content|Length"
            })
    void nameThatOnlyLooksLikeFramingReachesNoServer(String name) throws Exception {
        TestServer server = edge.closes(TestServer.saying("yes"));
        edge.startPlaintext(server, TIMEOUTS);

        RawClient.Response response = edge.plainClient()
                .send(body(
                        "Content-Length: 2\r\n" + name + ": chunked\r\nContent-Lengths: 1\r\nX-Transfer-Encoding: y",
                        "ab"))
                .response();

        assertThat(response.body()).isEqualTo("yes");
        assertThat(server.requests()).hasSize(1);
        assertThat(server.requests().get(0).header(name)).isEmpty();
        assertThat(server.requests().get(0).head()).contains("Content-Lengths: 1\r\n", "X-Transfer-Encoding: y\r\n");
        assertThat(server.requests().get(0).body()).isEqualTo("ab");
    }

    @Test
    void requestMayComeInAnyPieces() throws Exception {
        TestServer server = edge.closes(TestServer.saying("hello"));
        edge.startPlaintext(server, TIMEOUTS);
        RawClient client = edge.plainClient();

        for (String part : List.of("\r", "\n", "G", "ET / HTT", "P/1.1", "\r", "\nHost: localhost\r\n", "\r", "\n")) {
            client.send(part);
        }

        assertThat(client.response().status()).isEqualTo(200);
    }

    // ---- broken after a good beginning

    @TestFactory
    Stream<DynamicTest> bodyThatBreaksInALaterPacketNeverCompletesTheRequest() throws Exception {
        TestServer server = edge.closes(TestServer.saying("never"));
        edge.startPlaintext(server, TIMEOUTS);

        return chunks().entrySet().stream()
                .map(each -> dynamicTest(each.getKey(), () -> {
                    String path = "/" + Integer.toHexString(each.getKey().hashCode());
                    RawClient client = edge.plainClient()
                            .send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    + "4\r\ngood\r\n");
                    eventually(() -> server.received().contains(path)
                            && server.received().endsWith("4\r\n"));
                    client.send(each.getValue() + SMUGGLED);

                    assertRefused(client, 400);
                    eventually(() -> server.connectionsOpen() == 0);
                    assertThat(server.requests()).isEmpty();
                    assertThat(server.received()).doesNotContain("smuggled");
                }));
    }

    @Test
    void bodyThatBreaksWhenTheResponseHasBegunBreaksTheResponseOff() throws Exception {
        TestServer server = edge.closes(TestServer.conversing(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
            connection.read();
        }));
        edge.startPlaintext(server, TIMEOUTS);
        RawClient client = edge.plainClient()
                .send("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n");
        assertThat(client.in().readNBytes(12))
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("HTTP/1.1 200");

        client.send("oops\r\n" + SMUGGLED);

        assertThat(text(client.untilClosed())).doesNotContain("HTTP/1.1");
        eventually(() -> server.connectionsOpen() == 0);
        assertThat(server.received()).doesNotContain("smuggled");
    }

    @Test
    void malformedRequestBehindAGoodOneIsRefusedAfterTheAnswerToTheGoodOne() throws Exception {
        TestServer server = edge.closes(TestServer.saying("good"));
        edge.startPlaintext(server, TIMEOUTS);

        RawClient client = edge.plainClient()
                .send("GET /good HTTP/1.1\r\nHost: localhost\r\n\r\nGET /bad HTTP/1.1\r\nHost : localhost\r\n\r\n"
                        + SMUGGLED);

        assertThat(client.response().body()).isEqualTo("good");
        assertRefused(client, 400);
        assertThat(server.requests()).hasSize(1);
        assertThat(server.received()).doesNotContain("bad", "smuggled");
    }

    @Test
    void whatFollowsARefusedRequestIsNotRead() throws Exception {
        TestServer server = edge.closes(TestServer.saying("never"));
        edge.startPlaintext(server, TIMEOUTS);
        RawClient client = edge.plainClient().send("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");
        assertThat(client.response().status()).isEqualTo(400);

        client.send(SMUGGLED);

        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(server.connectionsAccepted()).isZero();
    }

    // ---- accepted

    /** A request that must get through, and what the server has to see of it. */
    record Good(String name, String request, List<String> seen) {}

    static List<Good> wellFormed() {
        String end = "Host: localhost\r\n\r\n";
        return List.of(
                new Good("one empty line first", "\r\nGET /a HTTP/1.1\r\n" + end, List.of("GET /a HTTP/1.1\r\n")),
                new Good("white space around values", get("X-A: \t v w \t"), List.of("\r\nX-A: v w\r\n")),
                new Good("no white space around values", get("X-A:v"), List.of("\r\nX-A: v\r\n")),
                new Good("empty value", get("X-A:\r\nX-B: \t"), List.of("\r\nX-A: \r\nX-B: \r\n")),
                new Good("obs-text in a value", get("X-A: caf\u00e9"), List.of("\r\nX-A: caf\u00e9\r\n")),
                new Good(
                        "all token characters in a name",
                        get("!#$%&'*+-^`|~1: v"),
                        List.of("\r\n!#$%&'*+-^`|~1: v\r\n")),
                new Good(
                        "upper-case header names",
                        "POST /a HTTP/1.1\r\nHOST: localhost\r\nCONTENT-LENGTH: 2\r\n\r\nab",
                        List.of("HOST: localhost\r\n", "Content-Length: 2\r\n")),
                new Good(
                        "absolute target and equal Host",
                        "GET http://localhost/a?b HTTP/1.1\r\n" + end,
                        List.of("GET /a?b HTTP/1.1\r\n")),
                new Good(
                        "absolute target in other case",
                        "GET HTTPS://LocalHost:80/a HTTP/1.1\r\nHost: localhost:80\r\n\r\n",
                        List.of("GET /a HTTP/1.1\r\n", "Host: localhost:80\r\n")),
                new Good(
                        "absolute target with the port of its scheme",
                        "GET HTTP://LocalHost.:80/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
                        List.of("GET /a HTTP/1.1\r\n", "Host: localhost\r\n")),
                new Good(
                        "absolute target without the port of its scheme",
                        "GET https://localhost/a HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
                        List.of("GET /a HTTP/1.1\r\n", "Host: localhost:443\r\n")),
                new Good(
                        "absolute target without a path",
                        "GET http://localhost HTTP/1.1\r\n" + end,
                        List.of("GET / HTTP/1.1\r\n")),
                new Good(
                        "absolute target with nothing but a query",
                        "GET http://localhost?q=1 HTTP/1.1\r\n" + end,
                        List.of("GET /?q=1 HTTP/1.1\r\n")),
                new Good(
                        "Host with a port",
                        "GET / HTTP/1.1\r\nHost: localhost:443\r\n\r\n",
                        List.of("Host: localhost:443")),
                new Good(
                        "Host with a final dot",
                        "GET / HTTP/1.1\r\nHost: localhost.\r\n\r\n",
                        List.of("Host: localhost.")),
                new Good("OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + end, List.of("OPTIONS * HTTP/1.1\r\n")),
                new Good("unknown method", "BREW /pot HTTP/1.1\r\n" + end, List.of("BREW /pot HTTP/1.1\r\n")),
                new Good(
                        "odd but legal path",
                        "GET /b//c/../;a=[]|\"^?//%00/../ HTTP/1.1\r\n" + end,
                        List.of("GET /b/;a=[]|\"^?//%00/../ HTTP")),
                new Good("HTTP/1.2", "GET /a HTTP/1.2\r\n" + end, List.of("GET /a HTTP/1.1\r\n")),
                new Good("HTTP/1.9", "GET /a HTTP/1.9\r\n" + end, List.of("GET /a HTTP/1.1\r\n")),
                new Good("HTTP/1.0", "GET /a HTTP/1.0\r\n" + end, List.of("GET /a HTTP/1.1\r\n")),
                new Good(
                        "length with leading zeros",
                        body("Content-Length: 0002", "ab"),
                        List.of("Content-Length: 2\r\n", "\r\n\r\nab")),
                new Good("length zero", body("Content-Length: 0", ""), List.of("Content-Length: 0\r\n")),
                new Good(
                        "TE in upper case",
                        body("Transfer-Encoding: CHUNKED", "0\r\n\r\n"),
                        List.of("Transfer-Encoding: chunked\r\n")),
                new Good(
                        "chunk extensions",
                        body("Transfer-Encoding: chunked", "2;a=b;c=\"d\"\r\nab\r\n0;e\r\n\r\n"),
                        List.of("\r\n\r\n2\r\nab\r\n0\r\n\r\n")),
                new Good(
                        "chunk sizes in both cases and with zeros",
                        body("Transfer-Encoding: chunked", "00A\r\n0123456789\r\nb\r\n0123456789a\r\n000\r\n\r\n"),
                        List.of("15\r\n01234567890123456789a\r\n0\r\n\r\n")),
                new Good(
                        "trailers",
                        body("Transfer-Encoding: chunked", "0\r\nX-Sum: 1\r\n\r\n"),
                        List.of("0\r\nX-Sum: 1\r\n\r\n")),
                new Good(
                        "Expect: 100-Continue",
                        body("Expect: 100-Continue\r\nContent-Length: 2", "ab"),
                        List.of("Content-Length: 2\r\n", "ab")));
    }

    @TestFactory
    Stream<DynamicTest> wellFormedRequestReachesTheServer() throws Exception {
        TestServer server = edge.closes(TestServer.saying("yes"));
        edge.startPlaintext(server, TIMEOUTS);

        return wellFormed().stream()
                .map(each -> dynamicTest(each.name(), () -> {
                    server.requests().clear();
                    RawClient client = edge.plainClient().send(each.request());

                    RawClient.Response response = client.response();
                    while (response.status() == 100) {
                        response = client.response();
                    }
                    assertThat(response.status()).isEqualTo(200);
                    assertThat(response.body()).isEqualTo("yes");
                    TestServer.Request seen = server.requests().get(0);
                    assertThat(seen.head() + seen.body()).contains(each.seen());
                }));
    }

    @Test
    void http10ConnectionEndsWithItsResponse() throws Exception {
        TestServer server = edge.closes(TestServer.saying("yes"));
        edge.startPlaintext(server, TIMEOUTS);

        RawClient client = edge.plainClient().send("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n" + SMUGGLED);

        assertThat(client.response().header("Connection")).containsExactly("close");
        assertThat(client.untilClosed()).isEmpty();
        assertThat(server.received()).doesNotContain("smuggled");
    }

    /** HTTP/1.0 has no Host; the server name of TLS says as much. Over plaintext there is nothing that does. */
    @Test
    void http10WithoutHostIsForTheServerNameOfItsConnection() throws Exception {
        TestServer server = edge.closes(TestServer.saying("yes"));
        edge.startPlaintext(server, TIMEOUTS);
        RawClient client = edge.client();

        for (String target : List.of("/a", "http://localhost/a")) {
            client.send("GET " + target + " HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
            assertThat(client.response().body()).isEqualTo("yes");
            assertThat(server.requests().get(server.requests().size() - 1).header("Host"))
                    .containsExactly("localhost");
        }
        // What follows it is where it would be, a body and another request.
        client.send("POST /b HTTP/1.0\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\n\r\nok"
                + "GET /c HTTP/1.0\r\n\r\n");
        assertThat(client.response().body()).isEqualTo("yes");
        assertThat(client.response().body()).isEqualTo("yes");
        assertThat(server.requests()).hasSize(4);
        assertThat(server.requests().get(2).body()).isEqualTo("ok");
        assertThat(server.requests().get(3).path()).isEqualTo("/c");

        assertThat(edge.client()
                        .request("GET http://other/ HTTP/1.0")
                        .response()
                        .status())
                .isEqualTo(400);
        assertThat(edge.client().request("GET / HTTP/1.1").response().status()).isEqualTo(400);
        assertThat(edge.plainClient().request("GET / HTTP/1.0").response().status())
                .isEqualTo(400);
        assertThat(edge.plainClient().request("GET / HTTP/1.1").response().status())
                .isEqualTo(400);
        assertThat(server.requests()).hasSize(4);
    }

    @Test
    void http10ConnectionIsKeptWhereTheClientAsksForIt() throws Exception {
        TestServer server = edge.closes(TestServer.saying("yes"));
        edge.startPlaintext(server, TIMEOUTS);
        RawClient client = edge.plainClient();

        for (int i = 0; i < 3; i++) {
            client.send("GET / HTTP/1.0\r\nHost: localhost\r\nConnection: Keep-Alive\r\n\r\n");
            RawClient.Response response = client.response();

            assertThat(response.body()).isEqualTo("yes");
            assertThat(response.header("Connection")).containsExactly("keep-alive");
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws Exception {
        TestServer server = edge.closes(TestServer.start(
                (request, connection) -> connection.send(TestServer.ok(request.path() + " " + request.body()))));
        edge.startPlaintext(server, TIMEOUTS);
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            requests.append(
                    i % 2 == 0
                            ? "GET /" + i + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            : "POST /" + i + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab");
        }

        RawClient client = edge.plainClient().send(requests.toString());

        for (int i = 0; i < 20; i++) {
            assertThat(client.response().body()).isEqualTo("/" + i + (i % 2 == 0 ? " " : " ab"));
        }
    }

    // ---- vocabulary

    private static String get(String header) {
        return "GET / HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n\r\n";
    }

    private static String body(String headers, String body) {
        return "POST / HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n\r\n" + body;
    }

    private static String post(String headers, String body) {
        return body(headers, body) + SMUGGLED;
    }

    private static String chunked(String body) {
        return post("Transfer-Encoding: chunked", body);
    }

    private static void assertRefused(RawClient client, int status) {
        String answer = text(client.untilClosed());
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ").contains("\r\nConnection: close\r\n");
        assertThat(answer.split("HTTP/1.1 ", -1)).as("responses").hasSize(2);
    }

    private static void eventually(Callable<Boolean> condition) {
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).until(condition);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static String printable(String text) {
        StringBuilder printable = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            printable.append(
                    c == '\r'
                            ? "\\r"
                            : c == '\n' ? "\\n" : c < 0x20 || c > 0x7e ? String.format("\\x%02x", (int) c) : c);
        }
        return printable.append('"').toString();
    }
}
