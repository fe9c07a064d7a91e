package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.TestSite;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A certificate that the operator brings, and replaces while the daemon runs. */
@Tag("long")
class OperatorFilesTest {
    private static final String SITE = "brought.example";

    /** Longer than from one look at the files to the next. */
    private static final Duration NEXT_LOOK = Duration.ofSeconds(6);

    @TempDir
    Path directory;

    private Path chain;
    private Path key;
    private TestSite ca;
    private Installation installation;
    private PosternProcess postern;
    private X509Certificate root;

    @BeforeEach
    void start() throws IOException {
        chain = directory.resolve("chain.pem");
        key = directory.resolve("key.pem");
        ca = new TestSite(directory);
        root = Trust.certificate(ca.rootFile());
        ca.replace(chain, key, SITE);
        installation = new Installation(directory.resolve("postern")).configure("""
                acme: { issuers: [internal] }
                sites:
                  - names: [%s]
                    certificate: { chain: "%s", key: "%s" }
                    routes: [{ path: /, respond: { status: 200, body: ok } }]
                """.formatted(SITE, chain, key));
        postern = installation.runUntilReady();
    }

    @AfterEach
    void stop() {
        postern.close();
    }

    @Test
    void newFilesAreServedWithoutARestart_thoseThatDoNotFitAreNotAndThatIsSaidOnce() throws Exception {
        BigInteger first = served();

        BigInteger second = ca.replace(chain, key, SITE).getSerialNumber();
        awaitServed(second);
        assertThat(second).isNotEqualTo(first);

        // An operator's copy that ended half-way: the chain of one pair, the key of another.
        Path nextChain = directory.resolve("next-chain.pem");
        Path nextKey = directory.resolve("next-key.pem");
        BigInteger third = ca.replace(nextChain, nextKey, SITE).getSerialNumber();
        // The pair before was written one file after the other, too, and may have been looked at in between.
        int complaintsBefore = complaints().size();
        Files.move(nextChain, chain, StandardCopyOption.REPLACE_EXISTING);
        await().atMost(NEXT_LOOK.plusSeconds(5)).until(() -> complaints().size() > complaintsBefore);
        String complaint = complaints().get(complaintsBefore);
        await().during(NEXT_LOOK)
                .atMost(NEXT_LOOK.plusSeconds(5))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> served().equals(second));
        assertThat(complaint)
                .contains(" WARN ", SITE + ": " + key, chain.toString())
                .contains("; the certificate before it is served, valid ");
        assertThat(complaints()).hasSize(complaintsBefore + 1);

        Files.move(nextKey, key, StandardCopyOption.REPLACE_EXISTING);
        awaitServed(third);
        assertThat(installation.store()).as("a store that nobody needs").doesNotExist();
    }

    private List<String> complaints() {
        return postern.lines().stream()
                .filter(line -> line.contains("does not fit the certificate in "))
                .toList();
    }

    private BigInteger served() throws IOException {
        return installation.served(SITE, root).getSerialNumber();
    }

    private void awaitServed(BigInteger serial) {
        await().atMost(NEXT_LOOK.plusSeconds(5))
                .pollInterval(Duration.ofMillis(100))
                .until(() -> served().equals(serial));
    }
}
