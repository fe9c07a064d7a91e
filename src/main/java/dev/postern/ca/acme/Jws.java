package dev.postern.ca.acme;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jose4j.json.JsonUtil;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.lang.JoseException;

/**
 * A JSON Web Signature as ACME wants it, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.2">RFC 8555
 * §6.2</a>: flattened, one signature, no unprotected header. Parsed, not yet verified.
 */
final class Jws {
    private static final List<String> ALGORITHMS = List.of("ES256", "ES384", "RS256");

    private final String compact;
    private final Map<String, Object> header;
    private final String payload;

    private Jws(String compact, Map<String, Object> header, String payload) {
        this.compact = compact;
        this.header = header;
        this.payload = payload;
    }

    static Jws parse(String text) throws AcmeRefusal {
        JsonObject json = object(text, "request body");
        if (json.has("header") || json.has("signatures")) {
            throw AcmeRefusal.malformed(
                    "request body: neither an unprotected header nor several signatures are allowed");
        }
        String protectedHeader = member(json, "protected");
        String payload = member(json, "payload");
        Map<String, Object> header;
        try {
            header = JsonUtil.parseJson(decode(protectedHeader, "protected"));
        } catch (JoseException e) {
            throw AcmeRefusal.malformed("protected: not a JSON object");
        }
        String signature = member(json, "signature");
        decode(signature, "signature");
        Jws jws = new Jws(protectedHeader + "." + payload + "." + signature, header, decode(payload, "payload"));
        String algorithm = jws.text("alg").orElse("none");
        if (!ALGORITHMS.contains(algorithm)) {
            // The client learns which ones it may use, https://datatracker.ietf.org/doc/html/rfc8555#section-6.2
            Problem problem = Problem.of(
                    ProblemType.BAD_SIGNATURE_ALGORITHM,
                    "alg: \"" + algorithm + "\" (expected: one of " + ALGORITHMS + ")");
            JsonObject body = problem.json();
            body.add("algorithms", Json.array(ALGORITHMS));
            throw AcmeRefusal.with(AcmeReply.of(400, "application/problem+json", body.toString()), problem);
        }
        return jws;
    }

    /** A member of the protected header, where it is there and a string. */
    Optional<String> text(String name) {
        return header.get(name) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    /** The key in the protected header, where there is one. */
    Optional<AccountKey> key() throws AcmeRefusal {
        if (!(header.get("jwk") instanceof Map<?, ?> jwk)) {
            return Optional.empty();
        }
        Map<String, Object> members = new LinkedHashMap<>();
        jwk.forEach((name, value) -> members.put(String.valueOf(name), value));
        return Optional.of(AccountKey.parse(members));
    }

    boolean has(String name) {
        return header.containsKey(name);
    }

    String payload() {
        return payload;
    }

    void verify(PublicKey key) throws AcmeRefusal {
        try {
            JsonWebSignature signature = new JsonWebSignature();
            signature.setAlgorithmConstraints(
                    new AlgorithmConstraints(ConstraintType.PERMIT, ALGORITHMS.toArray(String[]::new)));
            signature.setCompactSerialization(compact);
            signature.setKey(key);
            if (!signature.verifySignature()) {
                throw AcmeRefusal.malformed("signature: does not fit the key");
            }
        } catch (JoseException e) {
            throw AcmeRefusal.malformed("signature: " + e.getMessage());
        }
    }

    static JsonObject object(String text, String what) throws AcmeRefusal {
        try {
            JsonElement json = JsonParser.parseString(text);
            if (json.isJsonObject()) {
                return json.getAsJsonObject();
            }
        } catch (JsonParseException e) {
            // Answered like any other text that is not an object.
        }
        throw AcmeRefusal.malformed(what + ": not a JSON object");
    }

    private static String member(JsonObject json, String name) throws AcmeRefusal {
        return Json.text(json, name)
                .orElseThrow(() -> AcmeRefusal.malformed("request body: \"" + name + "\" is missing"));
    }

    /** Base64url without padding, <a href="https://datatracker.ietf.org/doc/html/rfc7515#section-2">RFC 7515 §2</a>. */
    private static String decode(String text, String what) throws AcmeRefusal {
        return new String(decodeBytes(text, what), StandardCharsets.UTF_8);
    }

    static byte[] decodeBytes(String text, String what) throws AcmeRefusal {
        try {
            if (text.indexOf('=') < 0) {
                return Base64.getUrlDecoder().decode(text);
            }
        } catch (IllegalArgumentException e) {
            // Answered like padding, below.
        }
        throw AcmeRefusal.malformed(what + ": not base64url without padding");
    }
}
