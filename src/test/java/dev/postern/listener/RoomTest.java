package dev.postern.listener;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever takes the places of a listener that a few use, and does nothing with them, keeps nobody out. */
class RoomTest {
    private static final int MANY = 150;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = edge.closes(TestServer.saying("hello"));

    @ParameterizedTest
    @ValueSource(
            strings = {"", "G", "GET /live HTTP/1.1\r\nHost: loc", "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"})
    void adminListenerAnswersWhoeverComesNext(String said) throws Exception {
        start();
        List<RawClient> idle = crowd(edge.adminPort(), said);

        RawClient newcomer = edge.closes(RawClient.plain(edge.adminPort()));
        assertThat(newcomer.get("localhost", "/live").status()).isEqualTo(200);
        assertThat(newcomer.get("localhost", "/metrics").status()).isEqualTo(200);

        assertThat(idle.get(0).isClosedByPeer()).isTrue();
    }

    @Test
    void whoeverIsServedStays() throws Exception {
        start();
        RawClient dashboard = edge.closes(RawClient.plain(edge.adminPort()));

        for (int i = 0; i < 3; i++) {
            assertThat(dashboard.get("localhost", "/live").status()).isEqualTo(200);
            for (int j = 0; j < 60; j++) {
                // Accepted for sure, and silent from then on.
                assertThat(edge.closes(RawClient.plain(edge.adminPort()))
                                .get("localhost", "/live")
                                .status())
                        .isEqualTo(200);
            }
        }

        assertThat(dashboard.get("localhost", "/live").status()).isEqualTo(200);
    }

    @Test
    void sidePortAnswersWhoeverComesNext() throws Exception {
        start();
        for (int i = 0; i < 2 + 256 * Runtime.getRuntime().availableProcessors(); i++) {
            edge.closes(RawClient.plain(edge.challengePort()));
        }

        assertThat(edge.closes(RawClient.plain(edge.challengePort()))
                        .get("localhost", "/.well-known/acme-challenge/x")
                        .status())
                .isEqualTo(404);
        assertThat(edge.plainClient()
                        .get("localhost", "/.well-known/acme-challenge/x")
                        .status())
                .isEqualTo(404);
    }

    private List<RawClient> crowd(int port, String said) {
        List<RawClient> crowd = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            crowd.add(edge.closes(RawClient.plain(port)).send(said));
        }
        return crowd;
    }

    private void start() throws Exception {
        edge.startWith(List.of(server.address()), """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0" }
                timeouts: { request-head: 60s, keep-alive: 60s }
                """);
    }
}
