package dev.postern.acme;

import dev.postern.config.ExternalAccount;
import dev.postern.config.RegularFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * What binds our ACME account to one that the operator has at the CA,
 * <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.3.4">RFC 8555 §7.3.4</a>. Read when it is needed:
 * at most CAs it is good for one registration, and removed from the disk afterwards.
 */
final class ExternalBinding {
    /** Bytes; a MAC key must not be shorter than what the MAC gives, RFC 7518 §3.2. */
    private static final int SHORTEST = 32;

    /** Bytes of the file; keys have less than a hundred. */
    private static final int LONGEST_FILE = 4096;

    private ExternalBinding() {}

    /** @throws IOException one line that names the file and what is wrong with it, and nothing of what it holds */
    static SecretKey read(ExternalAccount account) throws IOException {
        Path file = account.hmacFile();
        byte[] bytes;
        try {
            RegularFile.require(file);
            if (Files.size(file) > LONGEST_FILE) {
                throw notBase64url(file);
            }
            bytes = RegularFile.bytes(file, LONGEST_FILE);
        } catch (NoSuchFileException e) {
            throw new IOException(
                    file + ": no such file or directory (expected: the MAC key that the CA gave with key id \""
                            + account.keyId() + "\", in base64url); the account is registered once it is there",
                    e);
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1).trim();
        byte[] key;
        try {
            key = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw notBase64url(file);
        }
        if (key.length < SHORTEST) {
            throw new IOException(file + ": a MAC key of " + key.length + " bytes (expected: at least " + SHORTEST
                    + " bytes in base64url)");
        }
        return new SecretKeySpec(key, "HMAC");
    }

    private static IOException notBase64url(Path file) {
        return new IOException(file + ": is not base64url (expected: one line of letters, digits, \"-\" and \"_\")");
    }
}
