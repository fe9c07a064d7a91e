package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.Installation;
import dev.postern.testing.PebbleServer;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Postern and Let's Encrypt's own test server, each a process: one life of three sites, told in order. Pebble refuses 30 %
 * of all nonces, sleeps before it validates, and will not certify one of the names.
 */
@TestMethodOrder(OrderAnnotation.class)
class PebbleEndToEndTest {
    private static final String REFUSED = "refused.example";

    @TempDir
    static Path directory;

    private static Installation installation;
    private static PebbleServer pebble;
    private static PosternProcess postern;
    private static X509Certificate root;

    @BeforeAll
    static void start() throws IOException {
        installation = new Installation(directory);
        pebble = PebbleServer.start(
                directory.resolve("pebble"),
                PebbleServer.Options.httpPort(installation.httpPort())
                        .nonceReject(30)
                        .blocklist(REFUSED)
                        .slowly());
        root = Trust.certificate(pebble.issuedRoot());
        installation.configure(
                pebble.directoryUri(), pebble.caFile(), REFUSED, "one.example", "two.example, www.two.example");
        postern = installation.runUntilReady();
    }

    @AfterAll
    static void stop() {
        postern.close();
        pebble.close();
    }

    @Test
    @Order(1)
    void sitesGetCertificatesForAllTheirNames_andTheRefusedOneHoldsUpNone() throws Exception {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> installation.serves("one.example", root) && installation.serves("www.two.example", root));

        assertThat(installation.servedNames("one.example", root)).containsExactly("one.example");
        assertThat(installation.servedNames("two.example", root))
                .containsExactlyInAnyOrder("two.example", "www.two.example");
        assertThat(serial("www.two.example")).isEqualTo(serial("two.example"));
    }

    @Test
    @Order(2)
    void validatorCameThroughTheHttpListenerToTheSidePort() {
        for (String name : List.of("one.example", "two.example", "www.two.example")) {
            // What the side port logs as the asker is what the http listener told it.
            postern.awaitLine(line -> line.contains("AnswerHttp01Challenge - challenge ")
                    && line.endsWith(" for " + name + ": asked by 127.0.0.1: answered"));
            assertThat(pebble.log())
                    .anyMatch(line -> line.contains("Attempting to validate w/ HTTP: http://" + name + ":"
                            + installation.httpPort() + "/.well-known/acme-challenge/"));
        }
    }

    @Test
    @Order(3)
    void refusedNameIsReportedWithItsFaultAndItsNextAttempt() {
        String line = postern.awaitLine(REFUSED + ": first certificate: ");

        assertThat(line)
                .contains(" ERROR ")
                .contains("urn:ietf:params:acme:error:rejectedIdentifier")
                .contains("; the fault is with the name, its DNS or its reachability; ")
                .containsPattern("; attempt 2 in (5[0-9]s|1m( [1-6]s)?); ")
                .endsWith("; no certificate to serve");
        assertThat(installation.serves(REFUSED, root)).isFalse();
    }

    @Test
    @Order(4)
    void startedAgainServesFromTheStoreAndAsksTheCaForNothing() throws Exception {
        List<BigInteger> before = List.of(serial("one.example"), serial("two.example"));

        postern.terminate();
        assertThat(postern.awaitExit()).isZero();
        postern = installation.runUntilReady();

        assertThat(List.of(serial("one.example"), serial("two.example"))).isEqualTo(before);
        assertThat(postern.lines()).noneMatch(line -> line.contains("ordering a certificate"));
        // Not for the refused name either: its back-off outlives the process.
        assertThat(pebble.accounts()).isEqualTo(1);
        assertThat(pebble.orders()).isEqualTo(2);
    }

    private static BigInteger serial(String site) throws IOException {
        return installation.served(site, root).getSerialNumber();
    }
}
