package dev.postern.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.ca.acme.MovableClock;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.pki.Keys;
import dev.postern.testing.Trust;
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
        InternalIssuer issuer = new InternalIssuer(ca, InternalIssuer.DEFAULT_VALIDITY, site -> true);

        IssuedCertificate issued = issuer.issue(request(type, "app.internal", "10.0.0.1"), NoJournal.INSTANCE);

        assertThat(issued.issuer()).isEqualTo("internal");
        TestChains.verify(Trust.root(ca), issued.chain(), clock.instant());
        assertThat(Keys.fit(issued.key(), issued.chain().get(0).getPublicKey())).isTrue();
        assertThat(TestChains.names(issued.chain().get(0))).containsExactly("app.internal", "10.0.0.1");
        assertThat(Duration.between(
                        clock.instant(), issued.chain().get(0).getNotAfter().toInstant()))
                .isCloseTo(InternalIssuer.DEFAULT_VALIDITY, Duration.ofSeconds(1));
    }

    private static CertificateRequest request(KeyType type, String... names) {
        return new CertificateRequest(names[0], List.of(names), type, List.of(), null);
    }

    @Test
    void anyNameOfAServerMayBeCertified() throws Exception {
        InternalIssuer issuer = new InternalIssuer(
                InternalCa.open(directory, clock, random), InternalIssuer.DEFAULT_VALIDITY, site -> true);

        assertThat(List.of(
                        "localhost", "a.internal", "*.a.internal", "xn--bcher-kva.example", "192.0.2.1", "2001:db8::1"))
                .allMatch(name -> issuer.mayCertify(new Site(List.of(name), List.of(), null)));
        assertThat(List.of("", "a..b", "-a", "a b", "*", "*.*.a", "a*.b", "A.example", "a.", "x".repeat(64)))
                .noneMatch(name -> issuer.mayCertify(new Site(List.of(name), List.of(), null)));
    }

    @Test
    void otherNamesAreTheNamesFault() throws Exception {
        InternalIssuer issuer = new InternalIssuer(
                InternalCa.open(directory, clock, random), InternalIssuer.DEFAULT_VALIDITY, site -> true);

        assertThatThrownBy(() -> issuer.issue(request(KeyType.EC_P256, "a b"), NoJournal.INSTANCE))
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
