package dev.postern.devca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.CertificateRequest;
import dev.postern.certificate.IssueFailure;
import dev.postern.certificate.IssuedCertificate;
import dev.postern.certificate.OrderEntry;
import dev.postern.certificate.OrderJournal;
import dev.postern.config.Configuration.KeyType;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InternalIssuerTest {
    private final MovableClock clock = new MovableClock(Instant.now());
    private final SecureRandom random = new SecureRandom();

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(
            value = KeyType.class,
            names = {"RSA_4096"}, // takes seconds to make
            mode = EnumSource.Mode.EXCLUDE)
    void certificateAndKeyFit(KeyType type) throws Exception {
        InternalCa ca = InternalCa.open(directory, clock, random);
        InternalIssuer issuer = new InternalIssuer(ca, random);

        IssuedCertificate issued = issuer.issue(
                new CertificateRequest("app.internal", List.of("app.internal", "10.0.0.1"), type), NoJournal.INSTANCE);

        assertThat(issued.issuer()).isEqualTo("internal");
        TestChains.verify(ca.rootCertificate(), issued.chain(), clock.instant());
        assertThat(KeyPairs.fit(issued.key(), issued.chain().get(0).getPublicKey(), random))
                .isTrue();
        assertThat(TestChains.names(issued.chain().get(0))).containsExactly("app.internal", "10.0.0.1");
        assertThat(Duration.between(
                        clock.instant(), issued.chain().get(0).getNotAfter().toInstant()))
                .isCloseTo(InternalIssuer.DEFAULT_VALIDITY, Duration.ofSeconds(1));
    }

    @Test
    void anyNameOfAServerMayBeCertified() throws Exception {
        InternalIssuer issuer = new InternalIssuer(InternalCa.open(directory, clock, random), random);

        assertThat(List.of(
                        "localhost", "a.internal", "*.a.internal", "xn--bcher-kva.example", "192.0.2.1", "2001:db8::1"))
                .allMatch(issuer::mayCertify);
        assertThat(List.of("", "a..b", "-a", "a b", "*", "*.*.a", "a*.b", "A.example", "a.", "x".repeat(64)))
                .noneMatch(issuer::mayCertify);
    }

    @Test
    void otherNamesAreTheNamesFault() throws Exception {
        InternalIssuer issuer = new InternalIssuer(InternalCa.open(directory, clock, random), random);

        assertThatThrownBy(() -> issuer.issue(
                        new CertificateRequest("a b", List.of("a b"), KeyType.EC_P256), NoJournal.INSTANCE))
                .isInstanceOfSatisfying(
                        IssueFailure.class, e -> assertThat(e.fault()).isEqualTo(IssueFailure.Fault.NAME));
    }

    private enum NoJournal implements OrderJournal {
        INSTANCE;

        @Override
        public Optional<OrderEntry> read() {
            return Optional.empty();
        }

        @Override
        public void write(OrderEntry entry) {
            throw new AssertionError("there is no order to journal");
        }

        @Override
        public void clear() {}
    }
}
