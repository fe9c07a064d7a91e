package dev.postern.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Tls;
import dev.postern.config.TlsCipher;
import dev.postern.config.TlsProfile;
import dev.postern.config.TlsVersion;
import dev.postern.testing.TestCa;
import java.nio.ByteBuffer;
import java.security.PrivateKey;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OfferedKeysTest {
    private static final int GROUPS = 10;
    private static final int SCHEMES = 13;
    private static final int VERSIONS = 43;
    private static final int SCHEMES_OF_CERTIFICATES = 50;

    private static final int P256_SHA256 = 0x0403;
    private static final int P384_SHA384 = 0x0503;
    private static final int RSA_PSS = 0x0804;
    private static final int RSA_SHA256 = 0x0401;
    private static final int SHA1_ECDSA = 0x0203;
    private static final int ECDHE_ECDSA = 0xc02b;
    private static final int ECDHE_RSA = 0xc02f;

    private static final Tls OURS = new Tls(TlsVersion.TLS_1_2, TlsProfile.INTERMEDIATE);

    private final PrivateKey key = TestCa.newKeys().getPrivate();
    private final OfferedKeys keys = new OfferedKeys();

    private OfferedKeys with(int extension, int... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(2 + 2 * numbers.length);
        if (extension == VERSIONS) {
            bytes = ByteBuffer.allocate(1 + 2 * numbers.length).put((byte) (2 * numbers.length));
        } else {
            bytes.putShort((short) (2 * numbers.length));
        }
        for (int number : numbers) {
            bytes.putShort((short) number);
        }
        keys.read(extension, bytes.array(), 0, bytes.capacity());
        return keys;
    }

    @Test
    void inTls13TheSchemeNamesTheCurve() {
        with(VERSIONS, 0x0a0a, 0x0304, 0x0303);
        assertThat(keys.take(key, OURS)).isFalse();
        assertThat(with(SCHEMES, RSA_PSS, P384_SHA384).take(key, OURS)).isFalse();
        assertThat(with(SCHEMES, RSA_PSS, P256_SHA256).take(key, OURS)).isTrue();
    }

    @Test
    void certificatesMayHaveSchemesOfTheirOwn() {
        with(VERSIONS, 0x0304);
        with(SCHEMES, P256_SHA256, RSA_PSS);
        assertThat(with(SCHEMES_OF_CERTIFICATES, RSA_SHA256, RSA_PSS).take(key, OURS))
                .isFalse();
        assertThat(with(SCHEMES_OF_CERTIFICATES, RSA_SHA256, SHA1_ECDSA).take(key, OURS))
                .isTrue();
    }

    @Test
    void inTls12SuiteSchemeAndGroupHaveToFit() {
        keys.suites = new int[] {ECDHE_RSA};
        with(SCHEMES, P384_SHA384);
        with(GROUPS, 29, 23);
        assertThat(keys.take(key, OURS)).isFalse();
        keys.suites = new int[] {ECDHE_RSA, ECDHE_ECDSA};
        assertThat(keys.take(key, OURS)).isTrue();
        assertThat(keys.take(
                        key,
                        new Tls(
                                TlsVersion.TLS_1_2,
                                TlsProfile.INTERMEDIATE,
                                List.of(TlsCipher.ECDHE_RSA_AES128_GCM_SHA256),
                                List.of())))
                .isFalse();
        assertThat(with(GROUPS, 29).take(key, OURS)).isFalse();
        assertThat(with(GROUPS, 23).take(key, OURS)).isTrue();
        assertThat(with(SCHEMES, RSA_PSS, RSA_SHA256).take(key, OURS)).isFalse();
    }

    /** As clients of before 2008 do. */
    @Test
    void whoSaysNothingOfSchemesAndGroupsMeansItsSuites() {
        keys.suites = new int[] {ECDHE_ECDSA};
        assertThat(keys.take(key, OURS)).isTrue();
    }

    @Test
    void whateverComesIsReadOrPassedOver() {
        Random random = new Random(11);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            int from = random.nextInt(bytes.length + 1);
            int extension = List.of(GROUPS, SCHEMES, VERSIONS, SCHEMES_OF_CERTIFICATES, 0)
                    .get(random.nextInt(5));
            keys.read(extension, bytes, from, bytes.length);
            assertThat(keys.take(key, OURS)).isIn(true, false);
        }
    }
}
