package dev.postern.balance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which server gets a request, and what becomes of those that refuse, die and return. */
class LoadBalancingTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer one = TestServer.saying("1");
    private final TestServer two = TestServer.saying("2");

    @Test
    void serversAlternateOverAllConnectionsOfAllEventLoops() throws Exception {
        start("round-robin", quoted(one), quoted(two));
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            clients.add(edge.client());
        }

        StringBuilder answers = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            answers.append(
                    clients.get(i * 3 % clients.size()).get("localhost", "/").body());
        }

        assertThat(answers).hasToString("12".repeat(20));
    }

    @Test
    void weightsAreKept() throws Exception {
        start("round-robin", "{ address: " + quoted(one) + ", weight: 3 }", quoted(two));
        RawClient client = edge.client();

        StringBuilder answers = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            answers.append(client.get("localhost", "/").body());
        }

        assertThat(answers).hasToString("1121" + "1121");
    }

    @Test
    void busyServerIsLeftAloneByLeastConnections() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        TestServer busy = edge.closes(TestServer.start((request, connection) -> {
            await(done);
            connection.send(TestServer.ok("busy"));
        }));
        start("least-connections", quoted(busy), quoted(one));
        RawClient waiting = edge.client().request("GET / HTTP/1.1", "Host: localhost");
        Awaitility.await().until(() -> busy.requests().size() == 1);
        RawClient client = edge.client();

        for (int i = 0; i < 10; i++) {
            assertThat(client.get("localhost", "/").body()).isEqualTo("1");
        }

        done.countDown();
        assertThat(waiting.response().body()).isEqualTo("busy");
        assertThat(List.of(
                        client.get("localhost", "/").body(),
                        client.get("localhost", "/").body()))
                .containsExactlyInAnyOrder("busy", "1");
    }

    @Test
    void serverThatRefusesIsSkippedAndTheClientSeesNothing() throws Exception {
        start("round-robin", quoted(one), quoted(two));
        RawClient client = edge.client();
        client.get("localhost", "/");
        two.close();

        for (int i = 0; i < 20; i++) {
            RawClient.Response response = client.send(
                            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\na")
                    .response();
            assertThat(response.body()).isEqualTo("1");
        }

        TestServer back = edge.closes(
                TestServer.start(two.port(), (request, connection) -> connection.send(TestServer.ok("back"))));
        Awaitility.await().until(() -> client.get("localhost", "/").body().equals("back"));
        assertThat(back.connectionsAccepted()).isPositive();
    }

    @Test
    void noServerLeftIs503UntilOneAcceptsAgain() throws Exception {
        start("round-robin", quoted(one), quoted(two));
        one.close();
        two.close();
        RawClient client = edge.client();

        RawClient.Response response = client.get("localhost", "/");
        RawClient.Response again = client.get("localhost", "/");

        assertThat(response.status()).isEqualTo(503);
        assertThat(response.header("Connection")).isEmpty();
        assertThat(again.status()).isEqualTo(503);
        edge.closes(TestServer.start(two.port(), (request, connection) -> connection.send(TestServer.ok("back"))));
        // Nobody waits for a check where there is nothing to lose.
        assertThat(client.get("localhost", "/").body()).isEqualTo("back");
    }

    @Test
    void serverThatIsKilledUnderLoadCostsOnlyWhatItWasWorkingOn() throws Exception {
        CountDownLatch killed = new CountDownLatch(1);
        AtomicBoolean dying = new AtomicBoolean();
        AtomicInteger lost = new AtomicInteger();
        TestServer mortal = edge.closes(TestServer.start((request, connection) -> {
            if (dying.get()) {
                lost.incrementAndGet();
                await(killed);
            }
            connection.send(TestServer.ok("mortal"));
        }));
        start("round-robin", quoted(one), quoted(mortal));
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger answered = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        AtomicInteger byMortal = new AtomicInteger();
        CompletableFuture<Void> keepAlive = CompletableFuture.runAsync(() -> {
            RawClient client = connect();
            while (!stop.get()) {
                count(client, answered, failed, byMortal);
            }
        });
        CompletableFuture<Void> newConnections = CompletableFuture.runAsync(() -> {
            while (!stop.get()) {
                try (RawClient client = connect()) {
                    count(client, answered, failed, byMortal);
                }
            }
        });
        Awaitility.await().until(() -> byMortal.get() > 20);

        dying.set(true);
        Awaitility.await().until(() -> lost.get() > 0);
        mortal.close();
        killed.countDown();
        int before = answered.get();
        Awaitility.await().until(() -> answered.get() > before + 50);
        assertThat(failed.get()).isLessThanOrEqualTo(lost.get());
        byMortal.set(0);
        edge.closes(TestServer.start(mortal.port(), (request, connection) -> connection.send(TestServer.ok("mortal"))));
        Awaitility.await().until(() -> byMortal.get() > 20);

        stop.set(true);
        keepAlive.get(10, TimeUnit.SECONDS);
        newConnections.get(10, TimeUnit.SECONDS);
        assertThat(failed.get()).isLessThanOrEqualTo(lost.get());
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "source",
                "{ by: header, name: X-Key, bounded-load: off }",
                "{ by: uri, depth: 2 }",
            })
    void requestsWithOneKeyGetOneServerOnAnyConnection(String balance) throws Exception {
        edge.closes(one);
        edge.closes(two);
        edge.startWithBackend(
                "{ balance: " + balance + ", servers: [" + quoted(one) + ", " + quoted(two) + "] }",
                "trusted-proxies: [127.0.0.1]");

        Map<String, String> servers = new HashMap<>();
        for (int round = 0; round < 3; round++) {
            try (RawClient client = connect()) {
                for (int i = 10; i < 40; i++) {
                    String body = client.send("GET /key/" + i + "/" + round + "?key=" + i + "&round=" + round
                                    + " HTTP/1.1\r\nHost: localhost\r\nx-key: " + i
                                    + "\r\nX-Forwarded-For: 192.0.2." + i + "\r\n\r\n")
                            .response()
                            .body();
                    assertThat(servers.merge("key " + i, body, (before, now) -> before.equals(now) ? now : "both"))
                            .isEqualTo(body);
                }
            }
        }

        assertThat(servers.values()).contains("1", "2");
    }

    @Test
    void keysOfADeadServerMoveAndTheClientSeesNothing() throws Exception {
        start("{ by: header, name: X-Key }", quoted(one), quoted(two));
        RawClient client = edge.client();
        client.get("localhost", "/");
        two.close();

        for (int i = 0; i < 20; i++) {
            assertThat(client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX-Key: " + i + "\r\n\r\n")
                            .response()
                            .body())
                    .isEqualTo("1");
        }
    }

    @Test
    void firstServerGetsEverythingWhileItHasRoom() throws Exception {
        start("first", quoted(two), quoted(one));
        RawClient client = edge.client();

        for (int i = 0; i < 10; i++) {
            assertThat(client.get("localhost", "/").body()).isEqualTo("2");
        }
        two.close();
        assertThat(client.get("localhost", "/").body()).isEqualTo("1");
    }

    private static void count(RawClient client, AtomicInteger answered, AtomicInteger failed, AtomicInteger byMortal) {
        RawClient.Response response = client.get("localhost", "/");
        (response.status() == 200 ? answered : failed).incrementAndGet();
        if (response.body().equals("mortal")) {
            byMortal.incrementAndGet();
        }
    }

    private RawClient connect() {
        try {
            return RawClient.tls(edge.httpsPort(), edge.trust(), "localhost");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String quoted(TestServer server) {
        return '"' + server.address() + '"';
    }

    private void start(String balance, String... servers) throws Exception {
        edge.closes(one);
        edge.closes(two);
        edge.startWithBackend("{ balance: " + balance + ", servers: [" + String.join(", ", servers) + "] }", "");
    }
}
