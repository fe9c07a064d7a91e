package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What servers do that is against the rules, or only just within, and means one thing all the same: it passes, always or
 * where the backend says so, and the client gets it as it should have been.
 */
@Tag("long")
class ForgivenAnswersTest {
    private static final String OK = "HTTP/1.1 200 OK\r\n";
    private static final String CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    static List<String> forgiven() {
        return List.of(
                CHUNKED + "5  \r\nhello\r\n0  \r\n\r\n",
                CHUNKED + "5\t;a=b\r\nhello\r\n0 \t \r\nX-Sum : 1\r\n\r\n",
                CHUNKED + "000005                                                  \r\nhello\r\n0\r\n\r\n",
                OK + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
                OK + "Content-Length: 5\r\ncontent-length: 05\r\nContent-Length: 5\r\n\r\nhello",
                OK + "Content-Length: 5, 5\r\n\r\nhello",
                OK + "Content-Length: 5 ,05,5\r\nContent-Length: 5\r\n\r\nhello",
                OK + "Content-Length : 5\r\n\r\nhello",
                // Some client may take them for the real ones.
                OK + "Content_Length: 3\r\nTransfer.Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello",
                OK + "Content-Length \t: 5\r\nX-A : a\r\n\r\nhello",
                OK + "Transfer-Encoding : chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                "HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    }

    @ParameterizedTest
    @MethodSource("forgiven")
    void answerThatMeansOneThingPasses(String answer) throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) -> connection.send(answer)));
        edge.startPlaintext(server, "");
        RawClient client = edge.plainClient();

        for (int i = 0; i < 3; i++) {
            RawClient.Response response = client.get("localhost", "/");

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("hello");
            assertThat(response.header("Content-Length").size()
                            + response.header("Transfer-Encoding").size())
                    .isEqualTo(1);
            assertThat(response.head()).doesNotContain(" :", "\t:", "Content_", "Transfer.");
            assertThat(client.trailers()).allMatch(trailer -> trailer.equals("X-Sum: 1"));
        }
        assertThat(server.connectionsAccepted()).isEqualTo(1);
    }

    /** RFC 9113 §8.1.1: clients take a length that is said twice for an error of the stream. */
    @ParameterizedTest
    @MethodSource("forgiven")
    void answerThatMeansOneThingPassesOverHttp2(String answer) throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) -> connection.send(answer)));
        edge.startWith(List.of(server.address()), "");
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));

        Http2Wire.Response response = client.get(1, "/").response(1);

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("hello");
        assertThat(response.headers().getAll("content-length"))
                .hasSizeLessThan(2)
                .allMatch("5"::contentEquals);
        assertThat(response.headers().contains("content_length")).isFalse();
    }

    /** RFC 9110 §15: no class has them, and they mean to whoever understands them what they mean (LinkedIn's 999). */
    @ParameterizedTest
    @ValueSource(ints = {600, 799, 999})
    void statusOfNoClassPasses(int status) throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) ->
                connection.send("HTTP/1.1 " + status + " Denied\r\nContent-Length: 5\r\n\r\nhello")));
        edge.startWith(List.of(server.address()), "");

        RawClient.Response response = edge.client().get("localhost", "/");
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.head()).startsWith("HTTP/1.1 " + status + " Denied\r\n");
        assertThat(response.body()).isEqualTo("hello");

        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
        assertThat(client.get(1, "/").response(1).status()).isEqualTo(status);
    }

    /** Nothing of a response has been passed on while the read it came in is looked at. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\r\nhello\r\n0\r\n\r\n",
                " 5\r\nhello\r\n0\r\n\r\n",
                "5 5\r\nhello\r\n0\r\n\r\n",
                "5\nhello\r\n0\r\n\r\n",
                "5\r\nhello0\r\n\r\n",
                "5\r\nhello\r\nx",
                "5\r\nhello\r\n0\r\nno trailer\r\n\r\n",
            })
    void answerWhoseFirstChunksAreBrokenIsAnswered502(String body) throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) -> connection.send(CHUNKED + body)));
        edge.startPlaintext(server, "");
        RawClient client = edge.plainClient();

        for (int i = 0; i < 3; i++) {
            assertThat(client.get("localhost", "/").status()).isEqualTo(502);
        }
    }

    // ---- tolerate

    private static final List<String> BARE_LF = List.of(
            "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
            "HTTP/1.1 200 OK\nContent-Length: 5\r\n\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\nhello",
            "HTTP/1.1 200\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n",
            "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5;a\nhello\r\n0\r\nX-Sum: 1\n\n");

    private static final List<String> OBS_FOLD = List.of(
            OK + "X-A: a\r\n b\r\n\t \r\n  c\r\nContent-Length: 5\r\n\r\nhello",
            OK + "Content-Length:\r\n 5\r\nX-A: a\r\n    b c\r\n\r\nhello",
            OK + "Content-Length: 5\r\nX-A: a b\r\n\tc\r\n \r\n\r\nhello");

    private static final List<String> TE_AND_CL = List.of(
            OK + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            OK + "Content-Length: 300\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");

    @Test
    void linesThatEndInLfAloneAreToleratedWhereTheBackendSaysSo() throws Exception {
        for (String answer : BARE_LF) {
            RawClient.Response response = tolerated("bare-lf", answer, 1);

            assertThat(response.head().replace("\r\n", "")).doesNotContain("\n");
        }
        refusedWithout("bare-lf", BARE_LF);
    }

    @Test
    void foldedLinesAreToleratedWhereTheBackendSaysSoAndBecomeOne() throws Exception {
        for (String answer : OBS_FOLD) {
            RawClient.Response response = tolerated("obs-fold", answer, 1);

            assertThat(response.header("X-A").get(0)).matches("a +b +c");
        }
        refusedWithout("obs-fold", OBS_FOLD);
    }

    /** A fold behind no field is none. */
    @Test
    void headThatBeginsWithWhiteSpaceIsNotTolerated() throws Exception {
        refused("[bare-lf, obs-fold, te-and-cl]", OK + " X: y\r\nContent-Length: 5\r\n\r\nhello");
    }

    @Test
    void twoKindsOfLengthAreToleratedWhereTheBackendSaysSoAndEndTheConnection() throws Exception {
        for (String answer : TE_AND_CL) {
            RawClient.Response response = tolerated("te-and-cl", answer, 3);

            assertThat(response.header("Content-Length")).isEmpty();
            assertThat(response.header("Transfer-Encoding")).containsExactly("chunked");
            assertThat(response.header("Connection")).isEmpty();
        }
        refusedWithout("te-and-cl", TE_AND_CL);
    }

    /** @param connections how many to the server three requests take */
    private RawClient.Response tolerated(String tolerance, String answer, int connections) throws Exception {
        try (TestServer server = TestServer.start((request, connection) -> connection.send(answer))) {
            start(server, "[" + tolerance + "]");
            RawClient client = edge.plainClient();
            RawClient.Response response = client.get("localhost", "/");
            assertThat(response.status()).as(answer).isEqualTo(200);
            assertThat(response.body()).as(answer).isEqualTo("hello");
            for (int i = 0; i < 2; i++) {
                assertThat(client.get("localhost", "/").body()).as(answer).isEqualTo("hello");
            }
            assertThat(server.connectionsAccepted()).as(answer).isEqualTo(connections);
            edge.stop();
            return response;
        }
    }

    /** Whatever else is tolerated. */
    private void refusedWithout(String tolerance, List<String> answers) throws Exception {
        List<String> others = java.util.stream.Stream.of("bare-lf", "obs-fold", "te-and-cl")
                .filter(other -> !other.equals(tolerance))
                .toList();
        for (String answer : answers) {
            refused(others.toString(), answer);
        }
    }

    private void refused(String tolerated, String answer) throws Exception {
        try (TestServer server = TestServer.start((request, connection) -> connection.send(answer))) {
            start(server, tolerated);

            assertThat(edge.plainClient().get("localhost", "/").status())
                    .as(answer)
                    .isEqualTo(502);
            edge.stop();
        }
    }

    private void start(TestServer server, String tolerated) throws Exception {
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    backend: web
                    certificate: %s
                backends:
                  web: { servers: ["%s"], tolerate: %s }
                """.formatted(edge.site().certificate("localhost"), server.address(), tolerated));
    }
}
