package dev.postern.certificate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration.KeyType;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class EncodedKeysTest {
    @ParameterizedTest
    @EnumSource(
            value = KeyType.class,
            mode = Mode.MATCH_ANY,
            names = {"EC.*"})
    void keyThatIsWrittenWithItsPublicHalfIsComparedWithoutWorkingItOut(KeyType type) throws Exception {
        KeyPair pair = Keys.generate(type);
        KeyPair other = Keys.generate(type);

        String written = Pem.of(pair.getPrivate(), pair.getPublic());
        PrivateKey read = Pem.readKey(written);

        assertThat(EncodedKeys.haveSamePoint(read, pair.getPublic())).isTrue();
        assertThat(EncodedKeys.haveSamePoint(read, other.getPublic())).isFalse();
        assertThat(Keys.fit(read, pair.getPublic())).isTrue();
        assertThat(Keys.fit(read, other.getPublic())).isFalse();
        assertThat(Pem.of(read, pair.getPublic())).isEqualTo(written);
    }

    // Longer RSA keys are looked for for seconds, and are written no otherwise.
    @ParameterizedTest
    @EnumSource(
            value = KeyType.class,
            mode = Mode.MATCH_ANY,
            names = {"EC.*", "RSA_2048"})
    void keyWithoutItsPublicHalfIsWorkedOut(KeyType type) throws Exception {
        KeyPair pair = Keys.generate(type);
        PrivateKey bare = Pem.readKey(Pem.of(pair.getPrivate()));

        assertThat(EncodedKeys.haveSamePoint(bare, pair.getPublic())).isFalse();
        assertThat(Keys.fit(bare, pair.getPublic())).isTrue();
        assertThat(Keys.fit(bare, Keys.generate(type).getPublic())).isFalse();
        assertThat(EncodedKeys.algorithm(bare.getEncoded()))
                .isEqualTo(pair.getPublic().getAlgorithm());
    }

    /** A compressed point, or one of somebody else, says nothing. */
    @Test
    void publicHalfThatIsAnotherOneDoesNotDecide() throws Exception {
        KeyPair pair = Keys.generate(KeyType.EC_P256);
        byte[] encoded =
                Pem.readKey(Pem.of(pair.getPrivate(), pair.getPublic())).getEncoded();
        encoded[encoded.length - 1] ^= 1;
        PrivateKey odd = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(encoded));

        assertThat(EncodedKeys.haveSamePoint(odd, pair.getPublic())).isFalse();
        assertThat(Keys.fit(odd, pair.getPublic())).isTrue();
    }

    @Test
    void whatIsCutOffIsNoKeyOfAnyAlgorithm() {
        KeyPair pair = Keys.generate(KeyType.EC_P256);
        byte[] whole = pair.getPrivate().getEncoded();

        for (int length = 0; length < 12; length++) {
            assertThat(EncodedKeys.algorithm(Arrays.copyOf(whole, length))).isEmpty();
        }
        assertThat(EncodedKeys.algorithm(pair.getPublic().getEncoded())).isEmpty();
    }
}
