package dev.postern.migrate;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.util.Base64;

/** A private key as JSON, <a href="https://datatracker.ietf.org/doc/html/rfc7518#section-6">RFC 7518 §6</a>. */
final class Jwk {
    private Jwk() {}

    /** @throws GeneralSecurityException with what is wrong with it; never with any of its numbers */
    static PrivateKey privateKey(JsonObject jwk) throws GeneralSecurityException {
        String type = text(jwk, "kty");
        return switch (type) {
            case "RSA" ->
                KeyFactory.getInstance("RSA")
                        .generatePrivate(new RSAPrivateCrtKeySpec(
                                number(jwk, "n"),
                                number(jwk, "e"),
                                number(jwk, "d"),
                                number(jwk, "p"),
                                number(jwk, "q"),
                                number(jwk, "dp"),
                                number(jwk, "dq"),
                                number(jwk, "qi")));
            case "EC" ->
                KeyFactory.getInstance("EC")
                        .generatePrivate(new ECPrivateKeySpec(number(jwk, "d"), curve(text(jwk, "crv"))));
            default -> throw new InvalidKeyException("the key is of type \"" + type + "\" (expected: RSA or EC)");
        };
    }

    private static ECParameterSpec curve(String name) throws GeneralSecurityException {
        String standard = switch (name) {
            case "P-256" -> "secp256r1";
            case "P-384" -> "secp384r1";
            case "P-521" -> "secp521r1";
            default -> throw new InvalidKeyException("the curve is \"" + name + "\" (expected: P-256, P-384 or P-521)");
        };
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec(standard));
        return parameters.getParameterSpec(ECParameterSpec.class);
    }

    private static BigInteger number(JsonObject jwk, String name) throws InvalidKeyException {
        try {
            return new BigInteger(1, Base64.getUrlDecoder().decode(text(jwk, name)));
        } catch (IllegalArgumentException e) {
            throw new InvalidKeyException("\"" + name + "\" is not base64url", e);
        }
    }

    private static String text(JsonObject jwk, String name) throws InvalidKeyException {
        JsonElement value = jwk.get(name);
        if (value == null || !value.isJsonPrimitive()) {
            throw new InvalidKeyException("\"" + name + "\" is missing");
        }
        return value.getAsString();
    }
}
