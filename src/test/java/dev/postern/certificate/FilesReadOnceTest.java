package dev.postern.certificate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration;
import dev.postern.config.Configuration.Site;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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
