package dev.postern.acme;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.ChallengeType;
import dev.postern.config.ExternalAccount;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.KeyType;
import dev.postern.config.RateLimits;
import dev.postern.pki.Certificate;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.MemoryJournal;
import dev.postern.testing.PatientClock;
import dev.postern.time.Clocks;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** An issuer at a {@link FakeCa}, with a clock that is moved by hand and waits that are over at once. */
abstract class WithFakeCa {
    @TempDir
    Path directory;

    final HandClock clock = new HandClock(Instant.now());
    final PatientClock elapsed = new PatientClock();
    final Clocks clocks = new Clocks(clock, elapsed);
    final MemoryJournal journal = new MemoryJournal();
    final ChallengeTable challenges = new ChallengeTable();

    /** What the solvers of {@link #solver} were told, in order. */
    final List<String> shown = new CopyOnWriteArrayList<>();

    FakeCa ca;
    Store store;

    @BeforeEach
    void open() throws IOException {
        ca = new FakeCa();
        store = FileStore.open(directory.resolve("certs"));
    }

    @AfterEach
    void close() {
        ca.close();
        store.close();
    }

    AcmeIssuer issuer(URI at) throws IOException {
        return issuer(at, Duration.ofSeconds(5));
    }

    AcmeIssuer issuer(URI at, Duration exchangeDeadline) throws IOException {
        return issuer(new AcmeDirectory("fake", at, null), "ops@example.com", exchangeDeadline);
    }

    AcmeIssuer issuer(AcmeDirectory at, @Nullable String email, Duration exchangeDeadline) throws IOException {
        Customer customer = new Customer(email, true, store, clocks, exchangeDeadline, Duration.ofSeconds(4));
        CaTransport network = new HttpTransport(null);
        return new AcmeIssuers(customer, List.of(), directory -> network).at(at);
    }

    AcmeIssuer issuer(AcmeDirectory at) throws IOException {
        return issuer(at, "ops@example.com", Duration.ofSeconds(10));
    }

    /** The fake CA, with what can be said of a CA in the configuration. */
    AcmeDirectory with(@Nullable ExternalAccount eab, @Nullable String profile, @Nullable String preferredChain) {
        return new AcmeDirectory("fake", ca.directory(), null, eab, profile, preferredChain, null, RateLimits.NONE);
    }

    IssuedCertificate issue() throws Exception {
        return issuer(ca.directory()).issue(Care.request(challenges, "example.com"), journal);
    }

    IssueFailure failure() {
        return catchThrowableOfType(IssueFailure.class, this::issue);
    }

    IssueFailure failure(CertificateRequest request) {
        return catchThrowableOfType(
                IssueFailure.class, () -> issuer(with(null, null, null)).issue(request, journal));
    }

    static CertificateRequest request(List<ChallengeSolver> solvers, String... names) {
        return new CertificateRequest(names[0], List.of(names), KeyType.EC_P256, solvers, null);
    }

    static Certificate checked(IssuedCertificate issued) throws CertificateException {
        return Certificate.of("example.com", issued.issuer(), issued.key(), issued.chain());
    }

    ChallengeSolver solver(ChallengeType type) {
        return solver(type, null);
    }

    /** @param fails what it fails with; null where it does not */
    ChallengeSolver solver(ChallengeType type, @Nullable String fails) {
        return new ChallengeSolver() {
            @Override
            public ChallengeType type() {
                return type;
            }

            @Override
            public void present(ChallengeAnswer answer) throws IOException {
                shown.add("present " + type.text() + " " + answer.name() + " triggered="
                        + ca.triggered().size());
                if (fails != null) {
                    throw new IOException(fails);
                }
            }

            @Override
            public void withdraw(ChallengeAnswer answer) {
                shown.add("withdraw " + type.text() + " " + answer.name());
            }
        };
    }
}
