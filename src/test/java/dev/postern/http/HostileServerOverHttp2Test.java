package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.postern.http.ResponseFramingTest.Answer;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire.Frame;
import dev.postern.testing.TestServer;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The servers of {@link ResponseFramingTest}, behind one HTTP/2 connection: only the stream that asked is hurt. */
class HostileServerOverHttp2Test {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** How a stream ended, and with what; the status is 0 where it had none. */
    private record End(int status, String body, boolean isReset) {}

    @FunctionalInterface
    private interface Check {
        void that(End end);
    }

    @TestFactory
    Stream<DynamicTest> responseThatCannotBeTrustedBecomes502() throws Exception {
        return cases(ResponseFramingTest.malformedHeads(), "GET", end -> {
            assertThat(end.status()).isEqualTo(502);
            assertThat(end.isReset()).isFalse();
            assertThat(end.body()).doesNotContain("hello", "poison", "127.0.0.1");
        });
    }

    @TestFactory
    Stream<DynamicTest> responseThatBreaksNeverLooksComplete() throws Exception {
        return cases(
                ResponseFramingTest.brokenBodies(),
                "GET",
                end -> assertThat(end.isReset() || end.status() == 502).isTrue());
    }

    @TestFactory
    Stream<DynamicTest> bytesBehindAResponseReachNobody() throws Exception {
        return cases(
                ResponseFramingTest.overlongBodies(),
                "GET",
                end -> assertThat(end).isEqualTo(new End(200, "hello", false)));
    }

    @TestFactory
    Stream<DynamicTest> responseThatHasNoBodyIsPassedOnWithoutTheOneThatCame() throws Exception {
        return cases(ResponseFramingTest.bodiesWhereNoneMayBe(), "GET", end -> {
            assertThat(end.status()).isIn(204, 304);
            assertThat(end.body()).isEmpty();
            assertThat(end.isReset()).isFalse();
        });
    }

    @TestFactory
    Stream<DynamicTest> responseToHeadIsPassedOnWithoutTheBodyThatCame() throws Exception {
        return cases(
                ResponseFramingTest.overlongBodies(),
                "HEAD",
                end -> assertThat(end).isEqualTo(new End(200, "", false)));
    }

    /** Each is asked for on a stream; then the same client, and another one, ask for something else. */
    private Stream<DynamicTest> cases(List<Answer> answers, String method, Check check) throws Exception {
        TestServer server = edge.closes(TestServer.start(ResponseFramingTest.script(answers)));
        edge.startWith(List.of(server.address()), "timeouts: { response: 3s }");
        Http2Client client = client();
        Http2Client other = client();
        return IntStream.range(0, answers.size())
                .mapToObj(i -> dynamicTest(answers.get(i).name(), () -> {
                    int stream = 4 * i + 1;
                    client.request(stream, method, "/" + i, true);
                    check.that(end(client, stream));

                    client.get(stream + 2, "/same/" + i);
                    assertThat(end(client, stream + 2)).isEqualTo(new End(200, "GET /same/" + i, false));
                    other.get(2 * i + 1, "/other/" + i);
                    assertThat(end(other, 2 * i + 1)).isEqualTo(new End(200, "GET /other/" + i, false));
                }));
    }

    private Http2Client client() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    private static End end(Http2Client client, int stream) {
        int status = 0;
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        while (true) {
            Frame frame = client.await(next -> next.stream() == stream && next.type() != Http2Client.WINDOW_UPDATE);
            assertThat(frame).as("the connection is closed").isNotNull();
            if (frame.type() == Http2Client.RST_STREAM) {
                return new End(status, text(body), true);
            }
            if (frame.type() == Http2Client.DATA) {
                body.writeBytes(frame.payload());
            } else {
                Http2Headers headers = frame.headers();
                status = headers.status() == null
                        ? status
                        : Integer.parseInt(headers.status().toString());
            }
            if (frame.isLast()) {
                return new End(status, text(body), false);
            }
        }
    }

    private static String text(ByteArrayOutputStream body) {
        return body.toString(StandardCharsets.ISO_8859_1);
    }
}
