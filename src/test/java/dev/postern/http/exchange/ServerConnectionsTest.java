package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Connections to servers are limited, in all and for each client; nothing that could be had is refused. */
class ServerConnectionsTest {
    private static final String LISTENERS = """
            listeners:
              http: { bind: "127.0.0.1:0" }
              https: { bind: "127.0.0.1:0" }
              challenge: { bind: "127.0.0.1:0" }
              admin: { bind: "127.0.0.1:0" }
            """;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final CountDownLatch answer = new CountDownLatch(1);
    private final TestServer hanging = TestServer.start((request, connection) -> {
        await(answer);
        connection.send(TestServer.ok("at last"));
    });
    private final TestServer quick = TestServer.saying("at once");

    private void start(String limits) throws Exception {
        edge.closes(answer::countDown);
        edge.closes(hanging);
        edge.closes(quick);
        edge.start(LISTENERS
                + """
                sites:
                  - names: [localhost]
                    backend: quick
                    certificate: %s
                    routes: [{ path: /hangs, backend: hanging }]
                backends:
                  quick: { servers: ["%s"] }
                  hanging: { servers: ["%s"] }
                limits: { %s }
                """.formatted(edge.site().certificate("localhost"), quick.address(), hanging.address(), limits));
    }

    @Test
    void whatIsTooManyIsRefusedAndTheLogNamesTheSetting() throws Exception {
        start("server-connections: 2, server-connections-per-client: 5");
        try (CapturedLog log = CapturedLog.begin()) {
            Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
            client.get(1, "/hangs").get(3, "/hangs");
            Awaitility.await().until(() -> hanging.requests().size() == 2);

            client.get(5, "/");

            assertThat(client.response(5).status()).isEqualTo(503);
            assertThat(log.lines("out_of_resources: limits.server-connections: 2 are open; answered 503"))
                    .isNotEmpty();
            answer.countDown();
            assertThat(client.response(1).body()).isEqualTo("at last");
            assertThat(client.response(3).body()).isEqualTo("at last");
            // Those that are idle now go for it.
            client.get(7, "/");
            assertThat(client.response(7).body()).isEqualTo("at once");
        }
    }

    @Test
    void oneClientLeavesTheOthersTheirs() throws Exception {
        start("server-connections: 20, server-connections-per-client: 2");
        try (CapturedLog log = CapturedLog.begin()) {
            Http2Client client =
                    edge.closes(Http2Client.connectFrom("127.0.0.2", edge.httpsPort(), edge.trust(), "localhost"));
            Http2Client same =
                    edge.closes(Http2Client.connectFrom("127.0.0.2", edge.httpsPort(), edge.trust(), "localhost"));
            client.get(1, "/hangs").get(3, "/hangs");
            Awaitility.await().until(() -> hanging.requests().size() == 2);

            same.get(1, "/");

            assertThat(same.response(1).status()).isEqualTo(503);
            assertThat(log.lines("limits.server-connections-per-client: no more for this client (at most 2"))
                    .isNotEmpty();
            RawClient other = edge.client();
            other.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(other.response().body()).isEqualTo("at once");
            answer.countDown();
            assertThat(client.response(1).body()).isEqualTo("at last");
            assertThat(client.response(3).body()).isEqualTo("at last");
            same.get(3, "/");
            assertThat(same.response(3).body()).isEqualTo("at once");
        }
    }

    /** As many as take all they can get: a fifth, a sixth and so on find room. */
    @Test
    void severalClientsLeaveTheOthersTheirs() throws Exception {
        start("server-connections: 20, server-connections-per-client: 5");
        for (int i = 2; i < 10; i++) {
            Http2Client client =
                    edge.closes(Http2Client.connectFrom("127.0.0." + i, edge.httpsPort(), edge.trust(), "localhost"));
            for (int stream = 1; stream < 20; stream += 2) {
                client.get(stream, "/hangs");
            }
            // Those beyond its share are answered.
            assertThat(client.response(19).status()).isEqualTo(503);
        }

        RawClient newcomer = edge.client();
        newcomer.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

        assertThat(newcomer.response().body()).isEqualTo("at once");
    }

    /** Whichever event loop keeps the idle one: newcomers are on any. */
    @Test
    void idleOneGoesBeforeAnybodyIsRefused() throws Exception {
        answer.countDown();
        start("server-connections: 1, connections: 100");
        for (int i = 0; i < 24; i++) {
            RawClient client = edge.client();
            boolean first = i % 2 == 0;
            client.send("GET " + (first ? "/" : "/hangs") + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(client.response().body()).isEqualTo(first ? "at once" : "at last");
        }
    }

    @Test
    void clientsThatLeaveGiveEverythingBack() throws Exception {
        start("server-connections: 10, server-connections-per-client: 10");
        for (int round = 0; round < 3; round++) {
            int before = hanging.requests().size();
            Http2Client client = Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost");
            for (int i = 0; i < 10; i++) {
                client.get(1 + 2 * i, "/hangs");
            }
            Awaitility.await().until(() -> hanging.requests().size() == before + 10);
            assertThat(serverConnections()).isEqualTo(10);

            client.abort();

            Awaitility.await().until(() -> serverConnections() == 0);
        }
    }

    @Test
    void connectionsThatAreRefusedByTheirServerAreGivenBack() throws Exception {
        start("server-connections: 3, server-connections-per-client: 3");
        quick.close();
        RawClient client = edge.client();
        for (int i = 0; i < 10; i++) {
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertThat(client.response().head()).contains("503").contains("connect_refused");
        }
        Awaitility.await().until(() -> serverConnections() == 0);
    }

    private long serverConnections() throws Exception {
        try (RawClient admin = RawClient.plain(edge.adminPort())) {
            admin.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            String name = "postern_server_connections ";
            List<String> lines = admin.response().body().lines().toList();
            return lines.stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> (long) Double.parseDouble(line.substring(name.length())))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
