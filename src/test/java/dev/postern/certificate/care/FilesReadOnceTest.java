package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Configuration;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.pki.Pem;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With ten thousand sites it is the work for each that counts: told by what the JVM records, and by no clock. */
class FilesReadOnceTest {
    private static final int SITES = 20;

    /** One that finds something and one that finds the end. */
    private static final int READS = 2;

    @TempDir
    Path directory;

    @Test
    void fileIsReadOnceAndItsCertificateParsedOnce() throws Exception {
        List<Site> sites = sites();
        Path records = directory.resolve("work.jfr");

        try (Recording recording = new Recording()) {
            recording.enable("jdk.FileRead").withThreshold(Duration.ZERO);
            recording.enable("jdk.X509Certificate");
            recording.start();
            assertThat(CertificateFiles.problems(sites, Instant.now())).isEmpty();
            recording.stop();
            recording.dump(records);
        }

        List<RecordedEvent> events = RecordingFile.readAllEvents(records);
        assertThat(events)
                .filteredOn(event -> isOf(event, "jdk.FileRead", "path", directory.toString()))
                .as("reads of a certificate and a key for each site")
                .hasSizeBetween(SITES * 2, SITES * 2 * READS);
        assertThat(events)
                .filteredOn(event -> isOf(event, "jdk.X509Certificate", "subject", "CN=once"))
                .as("parsed certificates of sites")
                .hasSize(SITES);
    }

    /** An alarm for each of thousands takes a second of the start, and as many threads later. */
    @Test
    void allFilesAreLookedAtForOneAlarm() throws Exception {
        List<String> asked = new CopyOnWriteArrayList<>();
        ExecutorService threads = Executors.newCachedThreadPool();
        HandClock clock = new HandClock(Instant.now());
        CertificateTable table = new CertificateTable();
        try (Store store = FileStore.open(directory.resolve("certs"));
                Renewals renewals = new Renewals(
                        sites(), KeyType.EC_P256, List.of(), Care.surroundings(store, table, clock, threads))) {
            assertThat(renewals.load().join()).isEmpty();
            renewals.start((who, when) -> asked.add(who), Care.NOTHING_SERVED);
            assertThat(asked).hasSize(1);

            List<Site> others = sites();
            renewals.wake(asked.get(0));

            assertThat(asked).containsOnly(asked.get(0)).hasSize(2);
            for (Site site : others) {
                assertThat(Objects.requireNonNull(table.find(site.name())).leaf())
                        .isEqualTo(Pem.readCertificates(Files.readString(
                                        Objects.requireNonNull(site.files()).chain()))
                                .get(0));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static boolean isOf(RecordedEvent event, String kind, String field, String beginning) {
        return event.getEventType().getName().equals(kind)
                && String.valueOf(event.getString(field)).startsWith(beginning);
    }

    private List<Site> sites() throws IOException, java.security.cert.CertificateException {
        TestCa.Intermediate ca = TestCa.create().intermediate();
        List<Site> sites = new ArrayList<>();
        for (int i = 0; i < SITES; i++) {
            String name = "once" + i + ".example.com";
            KeyPair keys = TestCa.newKeys();
            TestCa.Issued issued =
                    ca.issue(List.of(name), Instant.now().minus(Duration.ofDays(1)), Duration.ofDays(90), keys);
            Path chain = Files.writeString(directory.resolve(i + ".pem"), Pem.of(issued.chain()));
            Path key = Files.writeString(directory.resolve(i + ".key"), Pem.of(issued.key()));
            sites.add(new Site(List.of(name), List.of(), new Configuration.CertificateFiles(chain, key)));
        }
        return sites;
    }
}
