package dev.postern.ca.acme;

import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.4">RFC 8555 §7.3.4</a>: accounts that belong to others elsewhere. */
final class ExternalAccounts {
    private static final Map<String, String> ALGORITHMS =
            Map.of("HS256", "HmacSHA256", "HS384", "HmacSHA384", "HS512", "HmacSHA512");

    private final AcmeOptions options;

    ExternalAccounts(AcmeOptions options) {
        this.options = options;
    }

    /** The key id that the account of {@code request} is bound to; null where it need not be and is not. */
    @Nullable String verify(Optional<JsonObject> binding, SignedRequest request, Accounts accounts) throws AcmeRefusal {
        if (binding.isEmpty()) {
            if (options.externalAccountRequired) {
                throw AcmeRefusal.because(
                        ProblemType.EXTERNAL_ACCOUNT_REQUIRED, "externalAccountBinding: missing, this CA needs one");
            }
            return null;
        }
        if (options.externalKeys.isEmpty()) {
            return null; // as a CA that knows nothing of bindings
        }
        JsonObject jws = binding.get();
        String protectedHeader = member(jws, "protected");
        String payload = member(jws, "payload");
        byte[] signature = Jws.decodeBytes(member(jws, "signature"), "externalAccountBinding: signature");
        JsonObject header = Jws.object(text(protectedHeader, "protected"), "externalAccountBinding: protected");
        String algorithm = ALGORITHMS.get(Json.text(header, "alg").orElse(""));
        if (algorithm == null || header.has("nonce")) {
            throw malformed("alg must be one of HS256, HS384 and HS512, and there must be no nonce");
        }
        if (!Json.text(header, "url").equals(Optional.of(request.url()))) {
            throw malformed("url is not that of the request");
        }
        if (!AccountKey.parse(text(payload, "payload")).isSameAs(request.key())) {
            throw malformed("payload is not the key of the account");
        }
        String keyId = Json.text(header, "kid").orElse("");
        byte[] key = options.externalKeys.get(keyId);
        if (key == null || !MessageDigest.isEqual(mac(algorithm, key, protectedHeader + "." + payload), signature)) {
            throw AcmeRefusal.because(
                    ProblemType.UNAUTHORIZED,
                    "externalAccountBinding: unknown key id \"" + keyId + "\", or not its MAC");
        }
        if (!options.externalKeysReused && accounts.isBound(keyId)) {
            throw AcmeRefusal.because(
                    ProblemType.UNAUTHORIZED, "externalAccountBinding: \"" + keyId + "\" is bound to another account");
        }
        return keyId;
    }

    private static String member(JsonObject jws, String name) throws AcmeRefusal {
        return Json.text(jws, name).orElseThrow(() -> malformed("\"" + name + "\" is missing"));
    }

    private static String text(String encoded, String what) throws AcmeRefusal {
        return new String(Jws.decodeBytes(encoded, "externalAccountBinding: " + what), StandardCharsets.UTF_8);
    }

    private static AcmeRefusal malformed(String why) {
        return AcmeRefusal.malformed("externalAccountBinding: " + why);
    }

    private static byte[] mac(String algorithm, byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance(algorithm);
            mac.init(new SecretKeySpec(key, algorithm));
            return mac.doFinal(text.getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a JDK without " + algorithm, e);
        }
    }
}
