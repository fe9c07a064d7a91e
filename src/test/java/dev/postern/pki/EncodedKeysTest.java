package dev.postern.pki;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.KeyType;
import java.security.KeyPair;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class EncodedKeysTest {
    // Longer RSA keys are looked for for seconds, and are written no otherwise.
    @ParameterizedTest
    @EnumSource(
            value = KeyType.class,
            mode = Mode.MATCH_ANY,
            names = {"EC.*", "RSA_2048"})
    void algorithmIsTheOneThatJavaHasANameFor(KeyType type) {
        KeyPair pair = Keys.generate(type);

        assertThat(EncodedKeys.algorithm(pair.getPrivate().getEncoded()))
                .isEqualTo(pair.getPublic().getAlgorithm());
    }

    @Test
    void whatIsCutOffIsNoKeyOfAnyAlgorithm() {
        KeyPair pair = Keys.generate(KeyType.EC_P256);
        byte[] whole = pair.getPrivate().getEncoded();

        for (int length = 0; length < whole.length; length++) {
            assertThat(EncodedKeys.algorithm(Arrays.copyOf(whole, length))).isEmpty();
        }
        assertThat(EncodedKeys.algorithm(pair.getPublic().getEncoded())).isEmpty();
    }
}
