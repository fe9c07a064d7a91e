package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ChallengeMissesTest {
    private static final String SITE = "one.example";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /**
     * Users' trouble: "no challenge registered": the CA's validator got a 404, and nothing said for which token, name and
     * client, so that nobody could tell a stranger from a CA that was led to another host.
     */
    @Test
    void validatorThatFindsNothingIsInTheLogAndStrangersDoNotFillIt() throws Exception {
        ExecutorService executor = Executors.newCachedThreadPool();
        edge.closes(executor::shutdownNow);
        CountDownLatch resolving = new CountDownLatch(1);
        int http = FreePorts.next();
        InternalCa ca = InternalCa.open(edge.directory().resolve("ca"), Clock.systemUTC(), new SecureRandom());
        AcmeServer acme = edge.closes(AcmeServer.start(
                ca,
                new AcmeOptions(executor, Clock.systemUTC(), new SecureRandom())
                        .validationPort(http)
                        .resolver(name -> {
                            awaitTest(resolving);
                            return List.of(InetAddress.getLoopbackAddress());
                        })));
        try (CapturedLog log = CapturedLog.begin()) {
            edge.start("""
                    listeners:
                      http: { bind: "127.0.0.1:%d" }
                      https: { bind: "127.0.0.1:0" }
                      challenge: { bind: "127.0.0.1:0" }
                    acme:
                      email: ops@example.com
                      agree-to-terms: true
                      issuers: [{ directory: "%s", ca-file: "%s" }]
                      store: "%s"
                    sites:
                      - names: [%s]
                        routes: [{ path: /, respond: { status: 200, body: "hello" } }]
                    """.formatted(
                    http, acme.directory(), ca.rootFile(), edge.directory().resolve("certs"), SITE));
            await().atMost(Duration.ofSeconds(30)).until(() -> acme.counters().orders() == 1);
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                ask(http, SITE, "0123456789abcdef");
                return !log.lines("challenge 01234567… for " + SITE).isEmpty();
            });

            assertThat(log.lines("challenge 01234567…").get(0))
                    .contains(" INFO ")
                    .endsWith("challenge 01234567… for " + SITE
                            + ": asked by 127.0.0.1: no such challenge is open; answered 404");
            // Some CAs are told to come straight to the side port.
            ask(edge.challengePort(), SITE, "fedcba9876543210");
            assertThat(log.lines("challenge fedcba98…").get(0))
                    .endsWith(": asked by 127.0.0.1: no such challenge is open; answered 404");
            ask(http, "other.example", "zzzzzzzzzzzzzzzz");
            for (int i = 0; i < 50; i++) {
                ask(http, SITE, "0123456789abcdef");
            }
            assertThat(log.lines("challenge zzzzzzzz…")).as("no order is open").isEmpty();
            assertThat(log.lines("challenge 01234567…")).hasSizeLessThanOrEqualTo(20);
            assertThat(log.lines("challenges that are not open: more than 20 a minute"))
                    .hasSize(1);
            resolving.countDown();
        }
    }

    private static void awaitTest(CountDownLatch latch) throws UnknownHostException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new UnknownHostException("interrupted");
        }
    }

    private static void ask(int port, String host, String token) throws Exception {
        try (RawClient client = RawClient.plain(port)) {
            assertThat(client.get(host, "/.well-known/acme-challenge/" + token).status())
                    .isEqualTo(404);
        }
    }
}
