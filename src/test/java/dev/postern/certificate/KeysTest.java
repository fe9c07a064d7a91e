package dev.postern.certificate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration.KeyType;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.util.Base64;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class KeysTest {
    // Most programs write the public half beside the number (RFC 5915 §3): a disk may have damaged either.
    @ParameterizedTest
    @EnumSource(
            value = KeyType.class,
            mode = Mode.MATCH_ANY,
            names = {"EC.*"})
    void publicHalfBesideTheNumberDoesNotDecideWhetherAKeyFits(KeyType type) throws Exception {
        KeyPair pair = Keys.generate(type);
        KeyPair other = Keys.generate(type);

        assertThat(Keys.fit(written(pair, pair), pair.getPublic())).isTrue();
        assertThat(Keys.fit(written(other, pair), pair.getPublic())).isFalse();
    }

    /** The number of one pair, the public half of another. */
    private static PrivateKey written(KeyPair number, KeyPair half) throws Exception {
        ECPrivateKey secret = (ECPrivateKey) number.getPrivate();
        PrivateKeyInfo plain = PrivateKeyInfo.getInstance(secret.getEncoded());
        SubjectPublicKeyInfo point =
                SubjectPublicKeyInfo.getInstance(half.getPublic().getEncoded());
        PrivateKeyInfo both = new PrivateKeyInfo(
                plain.getPrivateKeyAlgorithm(),
                new org.bouncycastle.asn1.sec.ECPrivateKey(
                        secret.getParams().getOrder().bitLength(), secret.getS(), point.getPublicKeyData(), null));
        String text = "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(both.getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
        return Pem.readKey(text);
    }
}
