package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.app.CannotStart;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.pki.Pem;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.TestCa;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Many sites with files of their operators, as the daemon starts. */
class FilesAtStartTest {
    @TempDir
    Path directory;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final CertificateTable table = new CertificateTable();
    private final List<Runnable> threads = new ArrayList<>();
    private final List<CertificateFiles> brought = new ArrayList<>();
    private Path chain;
    private Path key;

    @BeforeEach
    void issue() throws Exception {
        KeyPair keys = TestCa.newKeys();
        TestCa.Issued issued = TestCa.create()
                .intermediate()
                .issue(List.of("*.example.com"), Instant.now().minus(Duration.ofDays(1)), Duration.ofDays(90), keys);
        chain = Files.writeString(directory.resolve("chain.pem"), Pem.of(issued.chain()));
        key = Files.writeString(directory.resolve("key.pem"), Pem.of(issued.key()));
    }

    private FilesAtStart files(String... names) {
        for (String name : names) {
            Path certificate = name.startsWith("broken") ? directory.resolve("nothing.pem") : chain;
            Configuration.CertificateFiles two = new Configuration.CertificateFiles(certificate, key);
            brought.add(new CertificateFiles(new Site(List.of(name + ".example.com"), List.of(), two), two));
        }
        Clock clock = Clock.systemUTC();
        return new FilesAtStart(brought, table, new Clocks(clock, MonotonicClock.SYSTEM).ca());
    }

    private void run() {
        List.copyOf(threads).forEach(Runnable::run);
    }

    private CompletionStage<?> asks(String name) {
        return Objects.requireNonNull(table.loading(name + ".example.com")).now();
    }

    @Test
    void handshakeWaitsForTheReadingOfItsFiles() {
        CompletableFuture<List<String>> problems = files("a", "b").meanwhile(threads::add);
        CompletableFuture<?> asked = asks("b").toCompletableFuture();
        assertThat(asked).isNotDone();
        assertThat(problems).isNotDone();

        run();

        assertThat(asked).isCompleted();
        assertThat(problems).isCompletedWithValue(List.of());
        assertThat(table.loading("b.example.com")).isNull();
        assertThat(table.find("b.example.com")).isNotNull();
        assertThat(table.find("a.example.com")).isNotNull();
    }

    /** Whoever asks for the state of all sites every second would read them all every second. */
    @Test
    void filesThatAreReadInAMomentAreNotReadByWhoAsksHowTheyAre() {
        var unused = files("a", "b").meanwhile(threads::add);
        assertThat(brought).allMatch(files -> files.status(Instant.now()).notAfter() == null);

        run();

        assertThat(brought).allMatch(files -> files.status(Instant.now()).notAfter() != null);
    }

    @Test
    void whoWaitsForWhatIsWrongWaitsNoMoreOnceNothingIsRead() {
        FilesAtStart files = files("a", "b");
        CompletableFuture<List<String>> problems = files.meanwhile(threads::add);

        files.close();
        run();

        assertThat(problems).isCompletedExceptionally();
    }

    @Test
    void filesThatAClientWaitsForAreReadFirst() {
        var unused = files("a", "b", "c").meanwhile(threads::add);
        List<String> read = new ArrayList<>();
        for (String name : List.of("c", "a", "b")) {
            asks(name).thenRun(() -> read.add(name));
        }

        run();

        assertThat(read).containsExactly("c", "a", "b");
    }

    @Test
    void everythingThatIsWrongIsToldInTheOrderOfTheConfiguration() {
        CompletableFuture<List<String>> problems =
                files("broken1", "a", "broken2").meanwhile(threads::add);
        CompletableFuture<?> asked = asks("broken2").toCompletableFuture();

        run();

        assertThat(asked).isCompleted();
        assertThat(table.find("broken2.example.com")).isNull();
        assertThat(table.loading("broken2.example.com")).isNull();
        assertThat(problems.join()).hasSize(2);
        assertThat(problems.join().get(0)).startsWith("broken1.example.com: ").contains("nothing.pem: no such file");
        assertThat(problems.join().get(1)).startsWith("broken2.example.com: ");
    }

    /** It has listened already: nothing of that is left. */
    @Test
    void edgeWithThousandsDoesNotStartWithOneThatIsBroken() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path broken = Files.writeString(directory.resolve("broken.pem"), "nothing");
        String config = config(port, broken);

        assertThatThrownBy(() -> edge.start(config))
                .isInstanceOf(CannotStart.class)
                .hasMessageContaining("s299.example.com: " + broken + ": ");

        edge.start(config(port, chain));
        assertThat(edge.httpsPort()).isEqualTo(port);
    }

    private String config(int port, Path last) {
        StringBuilder config = new StringBuilder("""
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:%d" }
                  challenge: { bind: "127.0.0.1:0" }
                backends:
                  web: { servers: ["127.0.0.1:1"] }
                sites:
                """.formatted(port));
        for (int i = 0; i < 300; i++) {
            config.append("  - { names: [s%d.example.com], backend: web, certificate: { chain: %s, key: %s } }\n"
                    .formatted(i, i < 299 ? chain : last, key));
        }
        return config.toString();
    }
}
