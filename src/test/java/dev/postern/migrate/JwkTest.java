package dev.postern.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.config.KeyType;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.PublicJsonWebKey;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class JwkTest {
    @ParameterizedTest
    @EnumSource(
            value = KeyType.class,
            names = {"EC_P256", "EC_P384", "RSA_2048"})
    void keyThatAnotherProgramWroteIsTheSameKeyInOurFile(KeyType type) throws Exception {
        KeyPair pair = Keys.generate(type);
        PublicJsonWebKey jwk = PublicJsonWebKey.Factory.newPublicJwk(pair.getPublic());
        jwk.setPrivateKey(pair.getPrivate());

        PrivateKey read = Jwk.privateKey(JsonParser.parseString(jwk.toJson(OutputControlLevel.INCLUDE_PRIVATE))
                .getAsJsonObject());

        assertThat(Keys.fit(Pem.readKey(Pem.of(read)), pair.getPublic())).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | \"kty\" is missing",
                "{\"kty\":\"oct\",\"k\":\"AA\"} | the key is of type \"oct\" (expected: RSA or EC)",
                "{\"kty\":\"EC\",\"crv\":\"P-256\"} | \"d\" is missing",
                "{\"kty\":\"EC\",\"crv\":\"K-1\",\"d\":\"AA\"} | the curve is \"K-1\" (expected: P-256, P-384 or P-521)",
                "{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"*\"} | \"d\" is not base64url",
            })
    void whatIsNoKeyIsSaid(String text, String message) {
        JsonObject json = JsonParser.parseString(text).getAsJsonObject();

        assertThatThrownBy(() -> Jwk.privateKey(json))
                .isInstanceOf(GeneralSecurityException.class)
                .hasMessage(message);
    }
}
