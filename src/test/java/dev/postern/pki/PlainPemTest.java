package dev.postern.pki;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.testing.TestCa;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainPemTest {
    private static final Instant NOW = Instant.parse("2026-03-01T00:00:00Z");

    private static final TestCa CA = TestCa.create();
    private static final TestCa.Intermediate INTERMEDIATE = CA.intermediate();
    private static final TestCa.Issued ISSUED = issued(INTERMEDIATE);

    private static TestCa.Issued issued(TestCa.Intermediate by) {
        return by.issue(List.of("example.com"), NOW, Duration.ofDays(90), TestCa.newKeys());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "subject=CN = example.com\n", "\n\n", "\uFEFF\n"})
    void plainBlocksAreReadWhateverStandsBetweenThem(String between) throws Exception {
        String text = between
                + Pem.of(ISSUED.chain().subList(0, 1))
                + between
                + Pem.of(ISSUED.chain().subList(1, 2));

        assertThat(PlainPem.blocks(text, "CERTIFICATE")).hasSize(2);
        assertThat(PlainPem.blocks(text.replace("\n", "\r\n"), "CERTIFICATE")).hasSize(2);
        assertThat(Pem.readCertificates(text)).isEqualTo(ISSUED.chain());
    }

    @Test
    void whatIsLessPlainIsLeftToTheWholeParser() throws Exception {
        String leaf = Pem.of(ISSUED.chain().subList(0, 1));
        String end = "-----END CERTIFICATE-----";

        assertThat(PlainPem.blocks("", "CERTIFICATE")).isEmpty();
        assertThat(PlainPem.blocks(leaf.substring(0, leaf.length() / 2), "CERTIFICATE"))
                .isEmpty();
        assertThat(PlainPem.blocks(leaf.replace(end, "AAAA\n" + end), "CERTIFICATE"))
                .isEmpty();
        assertThat(PlainPem.blocks(leaf.replaceFirst("M", "!"), "CERTIFICATE")).isEmpty();
        assertThat(PlainPem.blocks(Pem.of(ISSUED.key()) + leaf, "CERTIFICATE")).isEmpty();
        assertThat(Pem.readCertificates(Pem.of(ISSUED.key()) + leaf)).containsExactly(ISSUED.leaf());
        assertThat(Pem.readKey(leaf + Pem.of(ISSUED.key()))).isEqualTo(ISSUED.key());
        assertThatThrownBy(() -> Pem.readCertificates(leaf.replaceFirst("M", "!")))
                .hasMessageStartingWith("is not whole PEM: ");
    }

    /** What is verified takes as long as all the rest of reading thousands of sites. */
    @Test
    void leafOfFilesIsVerifiedOnlyWhereItDoesNotNameTheKeyOfItsSigner() throws Exception {
        X509Certificate leaf = ISSUED.leaf();
        X509Certificate signer = ISSUED.chain().get(1);
        // Of the same name, with another key.
        X509Certificate other = TestCa.create().intermediate().certificate();

        assertThat(Chains.namesSigner(leaf, signer)).isTrue();
        assertThat(Chains.namesSigner(leaf, other)).isFalse();
        assertThat(Certificate.ofFiles("example.com", "file", ISSUED.key(), ISSUED.chain())
                        .chain())
                .isEqualTo(ISSUED.chain());
        assertThatThrownBy(() -> Certificate.ofFiles("example.com", "file", ISSUED.key(), List.of(leaf, other)))
                .isInstanceOf(CertificateException.class);
    }
}
