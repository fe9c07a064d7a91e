package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Configuration;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.QueuedExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Users' trouble: something that never ends, such as a stale lock, was tried in a tight loop, and its line in the log took
 * the disk. Here everything fails at once for a whole day, with a sweep every few minutes.
 */
class LogStormTest {
    private static final Instant START = Instant.parse("2027-01-01T00:00:00Z");
    private static final String NEW = "new.example.com";
    private static final String BROUGHT = "brought.example.com";
    private static final Duration INTERVAL = Duration.ofMinutes(5);

    @TempDir
    private Path directory;

    private final HandClock clock = new HandClock(START);
    private final ScriptedIssuer issuer = new ScriptedIssuer("test-ca", clock);
    private final QueuedExecutor executor = new QueuedExecutor();

    @Test
    void noLineIsRepeatedWithEverySweep() throws Exception {
        Path certs = directory.resolve("certs");
        blocked(certs.resolve(NEW + "/renewal.json"));
        Site brought = new Site(
                List.of(BROUGHT),
                List.of(),
                new Configuration.CertificateFiles(directory.resolve("cert.pem"), directory.resolve("key.pem")));
        issuer.fail(NEW, new IssueFailure(Fault.CA, "out of order", null));
        try (CapturedLog log = CapturedLog.begin();
                Store store = FileStore.open(certs);
                Renewals renewals = new Renewals(
                        List.of(SteppedCare.site(NEW), brought),
                        KeyType.EC_P256,
                        List.of(issuer),
                        Care.surroundings(store, new CertificateTable(), clock, executor))) {
            assertThat(renewals.load().join()).hasSize(1);
            renewals.start(
                    (site, when) -> {
                        if (!site.equals(NEW)) {
                            throw new IllegalStateException("a bug in the clockwork");
                        }
                    },
                    Care.NOTHING_SERVED);
            while (clock.instant().isBefore(START.plus(Duration.ofDays(1)))) {
                clock.advance(INTERVAL);
                renewals.sweep();
                renewals.cleanUp();
                executor.runAll();
            }

            Map<String, Integer> times = new TreeMap<>();
            for (String line : log.lines(" - ")) {
                times.merge(line.replaceAll("[0-9]+", "#"), 1, Integer::sum);
            }
            assertThat(times.keySet()).anyMatch(line -> line.contains("a bug while looking after it"));
            assertThat(times.keySet()).anyMatch(line -> line.contains("out of order"));
            assertThat(times.keySet()).anyMatch(line -> line.contains("writing renewal.json"));
            // Once an hour, or with an attempt, of which there is one an hour at most.
            assertThat(times)
                    .allSatisfy((line, count) -> assertThat(count).as(line).isLessThanOrEqualTo(27));
        }
    }

    private static void blocked(Path file) throws IOException {
        Files.createDirectories(file.resolve("in-the-way"));
    }
}
