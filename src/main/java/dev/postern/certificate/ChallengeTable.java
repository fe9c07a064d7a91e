package dev.postern.certificate;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP-01 answers that are due now: token → key authorization,
 * <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.3">RFC 8555 §8.3</a>. Written by orders, read by the
 * side port on any event loop.
 */
public final class ChallengeTable {
    private final ConcurrentHashMap<String, String> answers = new ConcurrentHashMap<>();

    public void put(String token, String keyAuthorization) {
        answers.put(token, keyAuthorization);
    }

    public void remove(String token) {
        answers.remove(token);
    }

    /** The body to answer with, or null where no challenge with this token is open. */
    public @Nullable String answer(String token) {
        return answers.get(token);
    }
}
