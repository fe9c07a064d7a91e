package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.testing.FreePorts;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A CA that is away for a while: what the store has is served for as long as it is good, and nothing else ever is. */
@Tag("long")
class UnreachableCaTest {
    private static final Clock CLOCK = Clock.systemUTC();

    @TempDir
    Path directory;

    private final SecureRandom random = new SecureRandom();
    private final int caPort = FreePorts.next();
    private final URI acmeDirectory = URI.create("https://localhost:" + caPort + "/directory");
    private ExecutorService executor;
    private InternalCa ca;
    private Installation installation;

    @BeforeEach
    void create() throws IOException {
        executor = Executors.newCachedThreadPool();
        ca = InternalCa.open(directory.resolve("ca"), CLOCK, random);
        installation = new Installation(directory.resolve("postern"));
    }

    @AfterEach
    void end() {
        executor.shutdownNow();
    }

    private AcmeServer startCa(Duration validity) throws IOException {
        return AcmeServer.start(
                ca,
                new AcmeOptions(executor, CLOCK, random)
                        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), caPort))
                        .state(directory.resolve("ca"))
                        .resolver(name -> List.of(InetAddress.getLoopbackAddress()))
                        .validationPort(installation.httpPort())
                        .certificateValidity(validity));
    }

    private void configure(String... sites) {
        installation.configure(acmeDirectory, ca.rootFile(), sites);
    }

    private X509Certificate root() {
        return Trust.root(ca);
    }

    private void awaitServed(String site) {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> installation.serves(site, root()));
    }

    /** Users' trouble: the CA was down, and so was the server after its restart. */
    @Test
    void whatTheStoreHasIsServed_andWhatIsMissingComesWhenTheCaIsBack() throws Exception {
        BigInteger kept;
        configure("old.example");
        try (AcmeServer acme = startCa(Duration.ofDays(6));
                PosternProcess postern = installation.runUntilReady()) {
            awaitServed("old.example");
            kept = serial("old.example");
            assertThat(acme.directory()).isEqualTo(acmeDirectory);
            postern.terminate();
            assertThat(postern.awaitExit()).isZero();
        }

        configure("old.example", "new.example");
        try (PosternProcess postern = installation.runUntilReady()) {
            assertThat(serial("old.example")).isEqualTo(kept);
            assertThat(postern.awaitLine("new.example: first certificate: "))
                    .contains(" ERROR ", "localhost-" + caPort + ": ")
                    .contains("; the fault is with the CA or the way to it; ")
                    .containsPattern("; attempt 2 in (5[0-9]s|1m( [1-6]s)?); ")
                    .endsWith("; no certificate to serve");
            assertThat(installation.serves("new.example", root())).isFalse();
        }

        letTimePass("new.example", Duration.ofMinutes(2));
        try (AcmeServer acme = startCa(Duration.ofDays(6));
                PosternProcess postern = installation.runUntilReady()) {
            awaitServed("new.example");
            assertThat(serial("old.example")).isEqualTo(kept);
            // The account of the first day, found again.
            assertThat(acme.counters().accounts()).isZero();
            assertThat(postern.isAlive()).isTrue();
        }
    }

    /** The last failure of a site was longer ago: what a test would else wait for. */
    private void letTimePass(String site, Duration time) throws IOException {
        JsonObject history = JsonParser.parseString(installation.renewal(site)).getAsJsonObject();
        JsonObject last = history.getAsJsonObject("last-failure");
        Instant at = Instant.parse(last.get("at").getAsString());
        assertThat(history.get("failures").getAsInt()).isEqualTo(1);
        assertThat(at).isBetween(Instant.now().minusSeconds(60), Instant.now());
        last.addProperty("at", at.minus(time).toString());
        Files.writeString(installation.site(site).resolve("renewal.json"), history.toString());
    }

    @Test
    void expiredCertificateIsWithdrawn_andNotServedAfterARestartEither() throws Exception {
        configure("brief.example");
        Instant notAfter;
        try (PosternProcess postern = startAndLoseCa()) {
            notAfter =
                    installation.served("brief.example", root()).getNotAfter().toInstant();
            assertThat(postern.awaitLine("brief.example: the certificate expired on " + notAfter))
                    .contains(" ERROR ")
                    .endsWith("; withdrawn, handshakes are refused until a new one is there");
            assertThat(Instant.now()).isAfterOrEqualTo(notAfter).isBefore(notAfter.plusSeconds(2));
            assertThat(installation.serves("brief.example", root())).isFalse();
        }

        try (PosternProcess postern = installation.runUntilReady()) {
            assertThat(installation.serves("brief.example", root())).isFalse();
            assertThat(postern.isAlive()).isTrue();
        }
    }

    private PosternProcess startAndLoseCa() throws IOException {
        try (AcmeServer acme = startCa(Duration.ofSeconds(6))) {
            PosternProcess postern = installation.runUntilReady();
            awaitServed("brief.example");
            assertThat(acme.counters().certificates()).isEqualTo(1);
            return postern;
        }
    }

    private BigInteger serial(String site) throws IOException {
        return installation.served(site, root()).getSerialNumber();
    }
}
