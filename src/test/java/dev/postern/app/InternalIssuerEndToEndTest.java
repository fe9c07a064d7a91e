package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.Trust;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** {@code issuers: [internal]}: names that no public CA may certify, and a look at the store from beside the daemon. */
@TestMethodOrder(OrderAnnotation.class)
class InternalIssuerEndToEndTest {
    @TempDir
    static Path directory;

    private static Installation installation;
    private static PosternProcess postern;
    private static X509Certificate root;

    @BeforeAll
    static void start() throws Exception {
        installation = new Installation(directory)
                .configure("""
                acme: { issuers: [internal], store: "%s" }
                """.formatted(directory.resolve("certs"))
                        + Installation.sites("app.internal", "db.internal, db"));
        postern = installation.runUntilReady();
        Path rootFile = installation.store().resolve("accounts/internal/root.pem");
        await().until(() -> Files.exists(rootFile));
        root = Trust.certificate(rootFile);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> installation.serves("app.internal", root) && installation.serves("db.internal", root));
    }

    @AfterAll
    static void stop() {
        postern.close();
    }

    @Test
    @Order(1)
    void logSaysWhichRootClientsMustTrust() {
        assertThat(postern.lines())
                .filteredOn(line -> line.contains("issuer internal: clients must trust its root, "
                        + installation.store().resolve("accounts/internal/root.pem")))
                .hasSize(1);
    }

    @Test
    @Order(1)
    void eachSiteIsServedACertificateForItsNamesThatTheRootInTheStoreVerifies() throws Exception {
        assertThat(installation.servedNames("app.internal", root)).containsExactly("app.internal");
        assertThat(installation.servedNames("db.internal", root)).containsExactlyInAnyOrder("db.internal", "db");
        assertThat(installation.serves("unknown.internal", root)).isFalse();
    }

    @Test
    @Order(2)
    void certListPrintsATableBesideTheDaemonAndTheSameOneAfterIt() throws Exception {
        Instant notAfter = installation
                .served("db.internal", root)
                .getNotAfter()
                .toInstant()
                .truncatedTo(ChronoUnit.SECONDS);

        await().atMost(Duration.ofSeconds(20)).until(() -> list().get(2).endsWith(" yes"));
        List<String> beside = list();
        postern.terminate();
        assertThat(postern.awaitExit()).isZero();
        List<String> after = list();

        assertThat(beside).hasSize(3);
        assertThat(beside.get(0)).matches("SITE +NAMES +ISSUER +NOT AFTER +DAYS LEFT +NEXT RENEWAL +SERVED");
        assertThat(cells(beside.get(1))).startsWith("app.internal", "app.internal", "internal");
        List<String> cells = cells(beside.get(2));
        assertThat(cells).startsWith("db.internal", "db.internal,db", "internal", notAfter.toString());
        assertThat(Double.parseDouble(cells.get(4))).isBetween(6.9, 7.0);
        assertThat(Duration.between(Instant.now(), Instant.parse(cells.get(5))))
                .isBetween(Duration.ofHours(24 * 7 * 47 / 100), Duration.ofHours(24 * 7 * 53 / 100));
        // Without a daemon nobody knows what clients see.
        assertThat(after)
                .isEqualTo(beside.stream()
                        .map(line -> line.replaceAll(" yes$", " no daemon"))
                        .toList());
    }

    private static List<String> list() {
        try (PosternProcess list = installation.postern(
                "cert", "list", "-c", installation.configuration().toString())) {
            assertThat(list.awaitExit()).isZero();
            await().until(() -> list.lines().size() >= 3);
            return new ArrayList<>(list.lines());
        }
    }

    private static List<String> cells(String row) {
        return List.of(row.split(" {2,}", -1));
    }
}
