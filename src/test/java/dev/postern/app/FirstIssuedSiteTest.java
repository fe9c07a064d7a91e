package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.postern.certificate.served.ReachabilityProbe;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.StoreInUse;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Comparator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A reload that brings the first site with a certificate from an issuer, where no site needed the store at the start. */
class FirstIssuedSiteTest {
    private static final String ROUTES = "routes: [{ path: /, respond: { status: 200, body: hello } }]";
    private static final String PLAIN = "  - { names: [plain.internal], plain: true, " + ROUTES + " }\n";
    private static final String ISSUED = "  - { names: [app.internal], " + ROUTES + " }\n";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private Edge running;

    private String sites(Path store, String... sites) {
        return "acme: { issuers: [internal], store: \"" + store + "\" }\nsites:\n" + String.join("", sites);
    }

    private Path store() {
        return edge.directory().resolve("kept");
    }

    @BeforeEach
    void start() throws Exception {
        running = edge.start(sites(store(), PLAIN));
        assertThat(store()).doesNotExist();
    }

    private void awaitServed() {
        await().atMost(Duration.ofSeconds(30))
                .ignoreExceptions()
                .until(() -> new SelfHandshake(running::doorFor).leaf("app.internal") != null);
    }

    @Test
    void storeIsOpenedAtTheReload_andTheSiteGetsItsCertificate() throws Exception {
        edge.reload(sites(store(), PLAIN, ISSUED));

        awaitServed();
        assertThat(store().resolve("app.internal/current/fullchain.pem")).exists();
        assertThatThrownBy(() -> FileStore.open(store())).isInstanceOf(StoreInUse.class);
        // Commands ask whether it is us with the key in the store.
        String token = ReachabilityProbe.token(new SecureRandom());
        try (RawClient client =
                RawClient.plain(running.challengeAddresses().get(0).getPort())) {
            String answer = client.get("app.internal", "/.well-known/acme-challenge/" + token)
                    .body();
            assertThat(new ReachabilityProbe(FileStore.openReadOnly(store())
                                    .probeKey(new SecureRandom())
                                    .bytes())
                            .isOurs(token, answer))
                    .isTrue();
        }
    }

    @Test
    void whatAStartWouldSayRefusesTheReload_andAnotherOneIsGoodOnceItIsMended() throws Exception {
        try (Store other = FileStore.open(store())) {
            assertThatThrownBy(() -> edge.reload(sites(store(), PLAIN, ISSUED)))
                    .isInstanceOf(CannotStart.class)
                    .hasMessage(
                            store() + ": the certificate store is in use by another postern; stop that one first, or"
                                    + " set acme.store to another directory")
                    .extracting(e -> ((CannotStart) e).reason())
                    .isEqualTo(CannotStart.Reason.UNAVAILABLE);
            assertThat(other.isWritable()).isTrue();
        }
        deleteAll(store());
        Files.writeString(store(), "in the way");
        assertThatThrownBy(() -> edge.reload(sites(store(), PLAIN, ISSUED)))
                .hasMessage(store() + ": the certificate store cannot be written: not a directory");
        assertThat(running.certificates()).isEmpty();
        Files.delete(store());

        edge.reload(sites(store(), PLAIN, ISSUED));
        awaitServed();
    }

    @Test
    void reloadThatFailsElsewhereGivesTheStoreBack() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String taken = "listeners: { http: { bind: \"127.0.0.1:0\" }, https: { bind: \"127.0.0.1:"
                    + other.getLocalPort() + "\" }, challenge: { bind: \"127.0.0.1:0\" } }\n";
            assertThatThrownBy(() -> edge.reload(taken + sites(store(), PLAIN, ISSUED)))
                    .hasMessageContaining("address already in use");
        }

        FileStore.open(store()).close();

        edge.reload(sites(store(), PLAIN, ISSUED));
        awaitServed();
    }

    @Test
    void withAnotherStoreItWaitsForTheRestart() {
        Path another = edge.directory().resolve("another");

        assertThatThrownBy(() -> edge.reload(sites(another, PLAIN, ISSUED)))
                .hasMessageContaining("acme.store: takes effect with a restart only")
                .hasMessageContaining(another.toString());

        assertThat(another).doesNotExist();
        assertThat(store()).doesNotExist();
    }

    private static void deleteAll(Path folder) throws Exception {
        try (var all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
