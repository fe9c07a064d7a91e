package dev.postern.pki;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.KeyType;
import java.math.BigInteger;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.util.Base64;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.junit.jupiter.api.Test;
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

    /** RFC 8017 §3.2: eight numbers, of which a disk may have damaged any; the modulus alone says nothing of the others. */
    @Test
    void rsaKeyOfWhichOneNumberIsAnotherDoesNotFit() throws Exception {
        KeyPair pair = Keys.generate(KeyType.RSA_2048);
        RSAPrivateCrtKey whole = (RSAPrivateCrtKey) pair.getPrivate();
        BigInteger[] numbers = {
            whole.getModulus(),
            whole.getPublicExponent(),
            whole.getPrivateExponent(),
            whole.getPrimeP(),
            whole.getPrimeQ(),
            whole.getPrimeExponentP(),
            whole.getPrimeExponentQ(),
            whole.getCrtCoefficient()
        };

        assertThat(Keys.fit(of(numbers), pair.getPublic())).isTrue();
        for (int damaged = 0; damaged < numbers.length; damaged++) {
            BigInteger[] others = numbers.clone();
            others[damaged] = others[damaged].add(BigInteger.TWO);
            assertThat(Keys.fit(of(others), pair.getPublic()))
                    .as("number %d", damaged)
                    .isFalse();
        }
    }

    private static PrivateKey of(BigInteger... n) throws Exception {
        return KeyFactory.getInstance("RSA")
                .generatePrivate(new RSAPrivateCrtKeySpec(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]));
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
