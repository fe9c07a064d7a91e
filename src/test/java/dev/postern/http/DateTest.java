package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** When a response was made: whoever passes one on without a date gives it one, RFC 9110 §6.6.1. */
class DateTest {
    private static final String OLD = "Sun, 06 Nov 1994 08:49:37 GMT";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void answerOfAServerThatHasNoDateIsGivenOne() throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) ->
                connection.send("HTTP/1.1 " + request.path().substring(1) + " X\r\nContent-Length: 0\r\n\r\n")));
        edge.startWith(server);
        RawClient client = edge.client();
        Http2Client http2 = http2();

        int stream = 1;
        for (String status : List.of("200", "204", "304", "404", "500")) {
            assertNow(client.get("localhost", "/" + status).header("Date"));
            assertNow(dates(http2.get(stream, "/" + status).await(Http2Client.HEADERS, stream)));
            stream += 2;
        }
    }

    @Test
    void whatAServerSaysStands() throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) ->
                connection.send("HTTP/1.1 200 OK\r\ndAtE: " + OLD + "\r\nContent-Length: 0\r\n\r\n")));
        edge.startWith(server);

        assertThat(edge.client().get("localhost", "/").header("Date")).containsExactly(OLD);
        assertThat(dates(http2().get(1, "/").await(Http2Client.HEADERS, 1))).containsExactly(OLD);
    }

    @Test
    void answerOfAnHttp2ServerIsDatedAsWell() throws Exception {
        Http2Server server = edge.closes(Http2Server.start((request, connection) -> connection
                .headers(request.stream(), false, ":status", "200")
                .data(request.stream(), true, "hello".getBytes(StandardCharsets.US_ASCII))));
        edge.startWithBackend("{ servers: [\"" + server.address() + "\"], protocol: h2c }", "");

        assertNow(edge.client().get("localhost", "/").header("Date"));
        assertNow(dates(http2().get(1, "/").await(Http2Client.HEADERS, 1)));
    }

    @Test
    void interimAnswersHaveNone() throws Exception {
        TestServer server = edge.closes(TestServer.start((request, connection) -> connection.send(
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")));
        edge.startWith(server);
        RawClient client = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        Http2Client http2 = http2().get(1, "/");

        assertThat(client.response().head()).startsWith("HTTP/1.1 103").doesNotContainIgnoringCase("date:");
        assertNow(client.response().header("Date"));
        assertThat(dates(http2.await(Http2Client.HEADERS, 1))).isEmpty();
        assertNow(dates(http2.await(Http2Client.HEADERS, 1)));
    }

    private Http2Client http2() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    private static List<String> dates(Http2Wire.Frame head) {
        return head.headers().getAll("date").stream()
                .map(CharSequence::toString)
                .toList();
    }

    private static void assertNow(List<String> dates) {
        assertThat(dates).hasSize(1);
        Instant date = ZonedDateTime.parse(dates.get(0), DateTimeFormatter.RFC_1123_DATE_TIME)
                .toInstant();
        assertThat(date).isCloseTo(Instant.now(), within(1, ChronoUnit.MINUTES));
    }
}
