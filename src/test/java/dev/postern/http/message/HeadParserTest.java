package dev.postern.http.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeadParserTest {
    private final HeadParser parser = new HeadParser(100, 5);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "OPTIONS * HTTP/1.1\r\nHost: a\r\nX:\r\nY: \t z \t \r\n\r\n",
                "POST http://a:1/b?c HTTP/1.0\r\nHost: a:1\r\nContent-Length: 5\r\n\r\n",
            })
    void everyBeginningOfARequestHeadIsAnIncompleteOne(String text) throws Exception {
        byte[] head = bytes(text);

        for (int length = 0; length < head.length; length++) {
            assertThat(parser.request(head, length))
                    .as("first " + length + " bytes")
                    .isNull();
        }
        assertThat(parser.request(head, head.length)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\n\r\n",
                "HTTP/1.1 200\r\n\r\n",
                "HTTP/1.1 200 \r\nX: y\r\n\r\n",
                "HTTP/1.0 404 Not\tFound \u00e9\r\nContent-Length: 5\r\nX:\r\n\r\n"
            })
    void everyBeginningOfAResponseHeadIsAnIncompleteOne(String text) throws Exception {
        byte[] head = bytes(text);

        for (int length = 0; length < head.length; length++) {
            assertThat(parser.response(head, length, Set.of()))
                    .as("first " + length + " bytes")
                    .isNull();
        }
        assertThat(parser.response(head, head.length, Set.of())).isNotNull();
    }

    /** A client that waits for the answer to "GET /" and a line break was kept waiting until the head timed out. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / \r\n",
                "GET / HTTP/2\r",
                "GET / h",
                "GET / HTTP/1.1x",
                "GET / HTTP/x",
                "GET / HTTP/1.1\n",
                "GET / HTTP/1.1\rx"
            })
    void requestLineWithoutAVersionIsRefusedAtItsFirstWrongByte(String text) {
        byte[] head = bytes(text);

        assertThatThrownBy(() -> parser.request(head, head.length))
                .isInstanceOf(BadMessage.class)
                .hasMessageContaining("does not end in a version of HTTP and CRLF");
    }

    @Test
    void whatFollowsAHeadIsNotPartOfIt() throws Exception {
        byte[] two = bytes("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\n");

        RequestHead head = request(two);

        assertThat(head.fields().bytes()).asString(StandardCharsets.US_ASCII).endsWith("Host: a\r\n\r\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/            | /     | /",
                "/a/b?c=d?e   | /a/b  | /a/b?c=d?e",
                "http://a     | ''    | /",
                "http://a?q   | ''    | /?q",
                "HTTPS://A/b  | /b    | /b",
                "/?           | /     | /?",
                "//b          | /b    | //b",
                "/%61/../b?%  | /b    | /%61/../b?%",
                "/a;b/c?d;e   | /a/c  | /a;b/c?d;e"
            })
    void targetIsReadInOriginForm(String target, String path, String origin) throws Exception {
        byte[] head = bytes("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");

        RequestHead request = request(head);

        RequestTarget read = request.target();
        assertThat(new String(
                        read.routed(),
                        read.routedFrom(),
                        read.routedTo() - read.routedFrom(),
                        StandardCharsets.US_ASCII))
                .isEqualTo(path);
        assertThat(read.text()).isEqualTo(origin);
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP/1.1, '', true",
        "HTTP/1.1, close, false",
        "HTTP/1.1, 'keep-alive, Close', false",
        "HTTP/1.0, '', false",
        "HTTP/1.0, Keep-Alive, true",
        "HTTP/1.0, 'keep-alive, close', false"
    })
    void connectionIsKeptAsVersionAndClientSay(String version, String connection, boolean kept) throws Exception {
        byte[] head = bytes("GET / " + version + "\r\nHost: a\r\nConnection: " + connection + "\r\n\r\n");

        assertThat(request(head).keepsAlive()).isEqualTo(kept);
    }

    @ParameterizedTest
    @CsvSource({
        "websocket, GET, websocket",
        "WebSocket, GET, WebSocket",
        "h2c, GET,",
        "H2C, GET,",
        "'websocket, h2c', GET,",
    })
    void upgradeIsPassedOnUnlessItCouldSmuggle(String upgrade, String method, String passed) throws Exception {
        byte[] head =
                bytes(method + " / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: " + upgrade + "\r\n\r\n");

        assertThat(request(head).upgrade()).isEqualTo(passed);
    }

    @Test
    void requestWithABodyUpgradesNothing() throws Exception {
        byte[] head =
                bytes("POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\nContent-Length: 1\r\n\r\n");

        assertThat(request(head).upgrade()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"A_B", "A.B", "Contents_Length", "X_Forwarded_For", "."})
    void nameThatProgramsMayReadAsAnotherIsAmbiguous(String name) throws Exception {
        byte[] head = bytes("GET / HTTP/1.1\r\nHost: a\r\n" + name + ": chunked\r\n\r\n");

        RequestHead request = request(head);

        assertThat(request.fields().name(1)).isEqualTo(FieldName.AMBIGUOUS);
        assertThat(request.hasBody()).isFalse();
    }

    @Test
    void detailsOfARefusalHoldNothingOfTheMessage() {
        byte[] head = bytes("GET / HTTP/1.1\r\nHost: evil\u0001forged\r\n\r\n");

        assertThatThrownBy(() -> parser.request(head, head.length))
                .isInstanceOf(BadMessage.class)
                .message()
                .doesNotContain("evil", "forged");
    }

    private RequestHead request(byte[] complete) throws BadMessage {
        return Objects.requireNonNull(parser.request(complete, complete.length));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
