package dev.postern.ca.acme;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.4">RFC 8555 §8.4</a>: a TXT record holds the digest. */
record Dns01Validator(TxtLookup lookup) {
    Optional<Problem> validate(String name, String keyAuthorization) {
        String record = "_acme-challenge." + name;
        String expected = Base64.getUrlEncoder().withoutPadding().encodeToString(digest(keyAuthorization));
        List<String> values;
        try {
            values = lookup.lookUp(record);
        } catch (IOException e) {
            return Optional.of(Problem.about(name, ProblemType.DNS, String.valueOf(e.getMessage())));
        }
        if (values.contains(expected)) {
            return Optional.empty();
        }
        return Optional.of(Problem.about(
                name,
                ProblemType.UNAUTHORIZED,
                values.isEmpty()
                        ? "no TXT record found at " + record
                        : "TXT at " + record + ": " + values + " (expected: \"" + expected + "\")"));
    }

    static byte[] digest(String keyAuthorization) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(keyAuthorization.getBytes(StandardCharsets.US_ASCII));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("a JDK without SHA-256", e);
        }
    }
}
