package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.care.CertificateStatus.Served.Answer;
import dev.postern.testing.EdgeExtension;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client of a real edge is shown, found out by the edge itself. */
class SelfHandshakeTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private Edge start(String bind, String names) throws Exception {
        return start(bind, "", names);
    }

    private Edge start(String bind, String more, String names) throws Exception {
        return edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "%s"%s }
                  challenge: { bind: "127.0.0.1:0" }
                acme:
                  issuers: [internal]
                  store: "%s"
                sites:
                  - names: %s
                    routes: [{ path: /, respond: { status: 200, body: "hello" } }]
                """.formatted(bind, more, edge.directory().resolve("certs"), names));
    }

    @Test
    void certificateThatCameIsSeenByTheEdgeItself() throws Exception {
        Edge running = start("127.0.0.1:0", "[app.internal, www.app.internal]");

        await().atMost(Duration.ofSeconds(20))
                .until(() -> running.certificates().get(0).served().answer() == Answer.YES);
        X509Certificate shown = new SelfHandshake(running::doorFor).leaf("www.app.internal");
        assertThat(shown.getNotAfter().toInstant())
                .isEqualTo(running.certificates().get(0).notAfter());
    }

    @Test
    void listenerOnEveryAddressIsReachedOverLoopback() throws Exception {
        Edge running = start(":0", "[app.internal]");

        await().atMost(Duration.ofSeconds(20))
                .until(() -> running.certificates().get(0).served().answer() == Answer.YES);
    }

    @ParameterizedTest
    @ValueSource(strings = {":0", "127.0.0.1:0"})
    void certificateOfAnAddressIsSeenByWhoComesToItAndNamesNobody(String bind) throws Exception {
        Edge running = start(bind, "[127.0.0.1]");

        await().atMost(Duration.ofSeconds(20))
                .until(() -> running.certificates().get(0).served().answer() == Answer.YES);
    }

    @Test
    void addressThatIsNoneOfThisHostIsNotAsked() throws Exception {
        Edge running = start("127.0.0.1:0", "[127.0.0.1, 192.0.2.7]");
        SelfHandshake ours = new SelfHandshake(running::doorFor);
        SelfHandshake everywhere =
                new SelfHandshake(name -> new SelfHandshake.Door(List.of(new InetSocketAddress(443)), List.of()));

        await().atMost(Duration.ofSeconds(20))
                .until(() -> running.certificates().get(0).served().answer() == Answer.YES);
        assertThat(List.of(ours.mayAsk("127.0.0.1"), ours.mayAsk("::1"), ours.mayAsk("192.0.2.7")))
                .containsExactly(true, false, false);
        assertThat(List.of(everywhere.mayAsk("127.0.0.1"), everywhere.mayAsk("192.0.2.7"), everywhere.mayAsk("any")))
                .containsExactly(true, false, true);
    }

    @Test
    void listenerThatWantsAProxyHeaderFromThisHostGetsOne() throws Exception {
        Edge running = start("127.0.0.1:0", ", proxy-protocol: [127.0.0.0/8]", "[app.internal]");

        await().atMost(Duration.ofSeconds(20))
                .until(() -> running.certificates().get(0).served().answer() == Answer.YES);
    }

    @Test
    void refusedHandshakeSaysWhy() throws Exception {
        Edge running = start("127.0.0.1:0", "[app.internal]");
        InetSocketAddress address = running.httpsAddresses().get(0);

        assertThatThrownBy(() -> new SelfHandshake(name -> new SelfHandshake.Door(List.of(address), List.of()))
                        .leaf("other.internal"))
                .hasMessageStartingWith("no handshake with " + address + ": ")
                .hasMessageContaining("unrecognized_name");
        edge.stop();
        assertThatThrownBy(() -> new SelfHandshake(name -> new SelfHandshake.Door(List.of(address), List.of()))
                        .leaf("app.internal"))
                .hasMessageContaining("refused");
    }
}
