package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is sent to another server because the operator wants it so. */
class RetriesTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** Fails in the way that the path asks for. */
    private final TestServer bad = TestServer.start((request, connection) -> {
        switch (request.path()) {
            case "/503" ->
                connection.send(
                        "HTTP/1.1 503 Busy\r\nX-From: bad\r\nSet-Cookie: bad=1\r\nContent-Length: 5\r\n\r\nwrong");
            case "/503-chunked" ->
                connection.send("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwrong\r\n0\r\n\r\n");
            case "/503-endless" -> {
                connection.send("HTTP/1.1 503 Busy\r\n\r\n");
                for (int i = 0; i < 100; i++) {
                    connection.send("wrong".repeat(1000));
                }
                connection.close();
            }
            case "/500" -> connection.send("HTTP/1.1 500 Broken\r\nContent-Length: 5\r\n\r\nwrong");
            case "/closed" -> connection.close();
            case "/silent" -> connection.in().read();
            case "/half" -> {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nwrong");
                connection.close();
            }
            case "/early" -> {
                connection.send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 5\r\n\r\nwrong");
            }
            default -> connection.send(TestServer.ok("bad"));
        }
    });

    private final TestServer good =
            TestServer.start((request, connection) -> connection.send(TestServer.ok("good " + request.body())));

    @Test
    void failureIsTriedWithAnotherServerAndNothingOfTheFirstResponseIsSeen() throws Exception {
        start("{ attempts: 1, on: [503, closed] }", "");
        RawClient client = edge.client();

        // In turn: both servers get every path, and the client sees but one of them.
        for (String path : List.of("/503", "/503-chunked", "/503-endless", "/closed")) {
            for (int i = 0; i < 2; i++) {
                RawClient.Response response = client.request(
                                "PUT " + path + " HTTP/1.1", "Host: localhost", "Content-Length: 4")
                        .send("body")
                        .response();
                assertThat(response.status()).as(path).isEqualTo(200);
                assertThat(response.body()).as(path).isEqualTo("good body");
                assertThat(response.header("X-From")).isEmpty();
                assertThat(response.header("Set-Cookie")).isEmpty();
            }
        }

        assertThat(bad.requests())
                .extracting(TestServer.Request::path)
                .contains("/503", "/503-chunked", "/503-endless", "/closed");
    }

    @Test
    void silentServerIsGivenUpForAnother() throws Exception {
        start("{ attempts: 1, on: timeout }", "timeouts: { response: 1m }");
        RawClient client = edge.client();

        for (int i = 0; i < 2 && bad.requests().isEmpty(); i++) {
            client.request("GET /silent HTTP/1.1", "Host: localhost");
            int sent = i + 1;
            Awaitility.await()
                    .until(() -> good.requests().size() + bad.requests().size() >= sent);
            edge.passes(Duration.ofSeconds(61));
            assertThat(client.response().body()).isEqualTo("good ");
        }
        assertThat(bad.requests()).isNotEmpty();
    }

    /** Also where its body came long ago, and is sent once more. */
    @Test
    void nextServerHasTheWholeTimeoutAgain() throws Exception {
        AtomicInteger came = new AtomicInteger();
        CountDownLatch late = new CountDownLatch(1);
        TestServer.Script script = (request, connection) -> {
            if (came.incrementAndGet() == 1) {
                connection.in().read();
                return;
            }
            try {
                late.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            connection.send(TestServer.ok("late"));
        };
        TestServer one = edge.closes(TestServer.start(script));
        TestServer two = edge.closes(TestServer.start(script));
        edge.startWithBackend(
                "{ servers: " + EdgeExtension.addresses(List.of(one.address(), two.address()))
                        + ", retry: { attempts: 1, on: timeout } }",
                "timeouts: { response: 1m }");
        RawClient client = edge.client()
                .request("PUT / HTTP/1.1", "Host: localhost", "Content-Length: 4")
                .send("body");
        Awaitility.await().until(() -> came.get() == 1);

        edge.passes(Duration.ofSeconds(61));
        Awaitility.await().until(() -> came.get() == 2);
        edge.passes(Duration.ofSeconds(50));
        late.countDown();

        assertThat(client.response().status()).isEqualTo(200);
    }

    /** Else a client that says Expect and never sends its body could make all servers look ill, one after another. */
    @Test
    void serverIsNotGivenUpWhereTheClientKeepsItsBodyBack() throws Exception {
        TestServer one = edge.closes(
                TestServer.startAtHead((request, connection) -> connection.in().read()));
        TestServer two = edge.closes(
                TestServer.startAtHead((request, connection) -> connection.in().read()));
        edge.startWithBackend(
                "{ servers: " + EdgeExtension.addresses(List.of(one.address(), two.address()))
                        + ", retry: { attempts: 1, on: timeout } }",
                "timeouts: { response: 500ms }");

        RawClient client =
                edge.client().request("PUT / HTTP/1.1", "Host: localhost", "Content-Length: 4", "Expect: 100-continue");

        assertThat(client.response().status()).isEqualTo(504);
        assertThat(one.requests().size() + two.requests().size()).isEqualTo(1);
    }

    @Test
    void whatIsNotListedOrMustNotBeRepeatedIsPassedOn() throws Exception {
        start("{ attempts: 3, on: [503, closed] }", "");
        RawClient client = edge.client();

        assertThat(both(client, "GET /500 HTTP/1.1")).containsExactlyInAnyOrder("200 good ", "500 wrong");
        assertThat(both(client, "POST /503 HTTP/1.1")).containsExactlyInAnyOrder("200 good ", "503 wrong");
        // The client has a part of the answer.
        assertThat(both(client, "GET /early HTTP/1.1")).contains("200 good ").hasSize(2);
        assertThat(good.requests()).hasSize(3);
    }

    @Test
    void responseThatHasBegunIsNeverTriedAgain() throws Exception {
        start("{ attempts: 3, on: [503, closed] }", "");

        List<Boolean> broken = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            RawClient client = edge.client().request("GET /half HTTP/1.1", "Host: localhost", "Connection: close");
            broken.add(
                    new String(client.untilClosed(), java.nio.charset.StandardCharsets.ISO_8859_1).endsWith("wrong"));
        }

        assertThat(broken).containsExactlyInAnyOrder(true, false);
        assertThat(good.requests()).hasSize(1);
    }

    @Test
    void bodyThatIsTooLargeToKeepIsNotSentTwice() throws Exception {
        start("{ attempts: 1, on: [503] }", "");
        RawClient client = edge.client();
        String body = "x".repeat(100_000);

        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            statuses.add(client.request("PUT /503 HTTP/1.1", "Host: localhost", "Content-Length: " + body.length())
                    .send(body)
                    .response()
                    .status());
        }

        assertThat(statuses).containsExactlyInAnyOrder(200, 503);
    }

    @Test
    void lastServersAnswerIsTheAnswerWhereNoneIsLeft() throws Exception {
        edge.closes(bad);
        edge.closes(good);
        edge.startWithBackend(
                "{ servers: [\"%s\"], retry: { attempts: 2, on: [503, closed] } }".formatted(bad.address()), "");
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/503").body()).isEqualTo("wrong");
        assertThat(bad.requests()).hasSize(1);
        assertThat(client.get("localhost", "/closed").status()).isEqualTo(502);
    }

    @Test
    void budgetKeepsRetriesAPartOfAll() throws Exception {
        start("{ attempts: 1, on: [503], budget: 10% }", "");
        RawClient client = edge.client();

        int passedOn = 0;
        for (int i = 0; i < 100; i++) {
            passedOn += client.get("localhost", "/503").status() == 503 ? 1 : 0;
        }

        // Ten on credit, and one for each ten of the exchanges; at each retry the turn moves on as well.
        int retries = good.requests().size() + bad.requests().size() - 100;
        assertThat(retries).isBetween(15, 20);
        assertThat(passedOn).isGreaterThan(20);
    }

    private static List<String> both(RawClient client, String line) {
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            RawClient.Response response =
                    client.request(line, "Host: localhost", "Content-Length: 0").response();
            if (response.status() == 103) {
                response = client.response();
            }
            answers.add(response.status() + " " + response.body());
        }
        return answers;
    }

    private void start(String retry, String more) throws Exception {
        edge.closes(bad);
        edge.closes(good);
        edge.startWithBackend(
                "{ servers: [\"%s\", \"%s\"], retry: %s }".formatted(bad.address(), good.address(), retry), more);
    }
}
