package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a client expects before it goes on, RFC 9110 §10.1.1: nobody may promise what he does not know. */
class ExpectationTest {
    private static final String REASON = "postern; error=http_request_error; details=\"unknown_expectation\"";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = TestServer.saying("hello");

    @BeforeEach
    void start() throws Exception {
        edge.closes(server);
        edge.startWith(server);
    }

    @Test
    void anythingElseThanAContinueIs417() throws Exception {
        for (String unknown :
                new String[] {"x", "200-ok", "100-continue, x", "100-continue;q=1", "x\r\nExpect: 100-continue"}) {
            RawClient client = edge.client()
                    .request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 5", "Expect: " + unknown);

            RawClient.Response response = client.response();

            assertThat(response.status()).as(unknown).isEqualTo(417);
            assertThat(response.header("Proxy-Status")).containsExactly(REASON);
            assertThat(response.header("Connection")).containsExactly("close");
        }
        assertThat(server.requests()).isEmpty();
    }

    @Test
    void soItIsOverHttp2AndTheOtherStreamsGoOn() throws Exception {
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));

        Http2Wire.Frame refused = client.get(1, "/", "expect", "x").await(Http2Client.HEADERS, 1);

        assertThat(refused.headers().status()).hasToString("417");
        assertThat(refused.headers().get("proxy-status")).hasToString(REASON);
        assertThat(client.get(3, "/").response(3).status()).isEqualTo(200);
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void emptyListExpectsNothing() throws Exception {
        assertThat(edge.client()
                        .request("POST / HTTP/1.1", "Host: localhost", "Content-Length: 0", "Expect:")
                        .response()
                        .status())
                .isEqualTo(200);
        assertThat(server.requests().get(0).header("Expect")).isEmpty();
    }

    @Test
    void brokenFramingIsStillThatFirst() throws Exception {
        assertThat(edge.client()
                        .request(
                                "POST / HTTP/1.1",
                                "Host: localhost",
                                "Expect: x",
                                "Content-Length: 0",
                                "Transfer-Encoding: chunked")
                        .response()
                        .status())
                .isEqualTo(400);
    }
}
