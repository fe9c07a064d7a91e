package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.ChallengeType;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.KeyType;
import dev.postern.config.RateLimits;
import dev.postern.pki.Certificate;
import dev.postern.testing.HandClock;
import dev.postern.testing.MemoryJournal;
import dev.postern.testing.PatientClock;
import dev.postern.time.Clocks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What users of many clients met at many CAs: an {@link OddAnswer} each, and what must come of it. */
class OddAnswersTest {
    private static final Path CASES = Path.of("src/test/resources/odd-answers");

    @TempDir
    private Path directory;

    static List<String> cases() throws IOException {
        try (Stream<Path> files = Files.list(CASES)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".txt"))
                    .map(name -> name.substring(0, name.length() - 4))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void thereAreSixtyAtLeast() throws IOException {
        assertThat(cases()).hasSizeGreaterThanOrEqualTo(60);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void comesToItsEnd(String name) throws Exception {
        OddAnswer script = new OddAnswer(name, Files.readString(CASES.resolve(name + ".txt")));
        HandClock clock = new HandClock(Instant.now());
        OddCa ca = new OddCa(script, directory.resolve("ca"), clock);
        MemoryJournal journal = new MemoryJournal();
        IssueFailure failure = null;
        try (Store store = FileStore.open(directory.resolve("certs"))) {
            for (String expected : script.expected) {
                AcmeIssuer issuer = issuer(script, store, clock, ca);
                try {
                    IssuedCertificate issued = issuer.issue(request(script), journal);
                    assertThat(certificate(issued, script)).as(name).isEqualTo(expected);
                    journal.clear();
                } catch (IssueFailure e) {
                    assertFailure(name, expected, e);
                    failure = e;
                }
            }
        }
        script.asked.forEach(
                (kind, count) -> assertThat(ca.asked(kind)).as(kind).isEqualTo(count));
        if (script.blames != null && failure != null) {
            assertThat(failure.blamed()).containsKey(script.blames);
        }
        if (script.holds != null && failure != null) {
            assertThat(failure.hold()).hasToString(script.holds);
        }
        if (script.after != null && failure != null) {
            assertThat(failure.retryAfter()).contains(clock.instant().plusSeconds(Long.parseLong(script.after)));
        }
    }

    private static AcmeIssuer issuer(OddAnswer script, Store store, HandClock clock, OddCa ca) {
        AcmeDirectory at = new AcmeDirectory(
                "odd",
                OddCa.directory(),
                null,
                null,
                script.profile(),
                script.preferredChain,
                null,
                RateLimits.NONE,
                script.isProfileRequired());
        Customer customer = new Customer("ops@example.com", true, store, new Clocks(clock, new PatientClock()));
        return new AcmeIssuer(at, null, customer, ca);
    }

    private static CertificateRequest request(OddAnswer script) {
        List<ChallengeSolver> solvers =
                script.challenges().stream().map(OddAnswersTest::solver).toList();
        return new CertificateRequest(script.names().get(0), script.names(), KeyType.EC_P256, solvers, null);
    }

    /** Whether it is really shown does not matter: whoever validates here goes by the script. */
    private static ChallengeSolver solver(ChallengeType type) {
        return new ChallengeSolver() {
            @Override
            public ChallengeType type() {
                return type;
            }

            @Override
            public void present(ChallengeAnswer answer) {
                // Nobody looks.
            }

            @Override
            public void withdraw(ChallengeAnswer answer) {
                // Nothing was shown.
            }
        };
    }

    /** What came, once it is known to be of use. */
    private static String certificate(IssuedCertificate issued, OddAnswer script) throws Exception {
        Certificate certificate = Certificate.of(script.names().get(0), issued.issuer(), issued.key(), issued.chain());
        assertThat(script.names()).allMatch(certificate::covers);
        Duration life = Duration.between(certificate.notBefore(), certificate.notAfter());
        String kind = life.compareTo(Duration.ofDays(10)) < 0 ? "short certificate" : "certificate";
        return kind + " of " + certificate.chain().size();
    }

    private static void assertFailure(String name, String expected, IssueFailure failure) {
        String[] parts = expected.split(" ", 3);
        assertThat(parts[0]).as("%s, but: %s", name, failure.getMessage()).isEqualTo("failure");
        assertThat(failure.fault()).as(failure.getMessage()).hasToString(parts[1]);
        assertThat(failure.getMessage())
                .as(name)
                .contains(parts[2].substring(1, parts[2].length() - 1))
                .doesNotContain("JSON$Value", "Exception", "\n");
    }
}
