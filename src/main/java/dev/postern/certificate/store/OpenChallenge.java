package dev.postern.certificate.store;

import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.config.ChallengeType;
import java.io.IOException;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * What a CA may ask for now, and what it is to be answered.
 *
 * @param until when nobody can be waiting for it any more
 */
public record OpenChallenge(ChallengeType type, ChallengeAnswer answer, Instant until) {
    /**
     * Base64url, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.3">RFC 8555 §8.3</a>, and as long as fits
     * into the name of a file; those of CAs have 43 characters.
     */
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9_-]{1,200}");

    /** The token, and the 43 characters of a thumbprint; of a host name the same may be asked. */
    private static final int LONGEST_TEXT = 255;

    /** Whether it may be looked for. */
    public static boolean isToken(String text) {
        return TOKEN.matcher(text).matches();
    }

    public String token() {
        return answer.token();
    }

    public boolean isOpen(Instant now) {
        return now.isBefore(until);
    }

    /**
     * In front of whatever keeps it: a CA has written the token.
     *
     * @throws IOException where it is none, or there is more of it than any CA asks for
     */
    public void requireSound() throws IOException {
        if (!isToken(token())) {
            throw new IOException("\"" + token().substring(0, Math.min(token().length(), 20))
                    + "\" is no token (expected: at most 200 characters of base64url)");
        }
        if (answer.keyAuthorization().length() > LONGEST_TEXT || answer.name().length() > LONGEST_TEXT) {
            throw new IOException(
                    "the answer for token " + token() + " is longer than " + LONGEST_TEXT + " characters");
        }
    }
}
