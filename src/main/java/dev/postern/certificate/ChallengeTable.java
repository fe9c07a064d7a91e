package dev.postern.certificate;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP-01 answers that are due now: token → key authorization,
 * <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.3">RFC 8555 §8.3</a>. Written by orders, read by the
 * side port on any event loop.
 */
public final class ChallengeTable {
    /** @param name that the CA is to see proved; empty where that is not known */
    private record Open(String name, String keyAuthorization) {}

    private final ConcurrentHashMap<String, Open> answers = new ConcurrentHashMap<>();
    private final @Nullable ReachabilityProbe probe;

    public ChallengeTable() {
        this(null);
    }

    /** @param probe answers to its tokens at any time; null where nobody asks */
    public ChallengeTable(@Nullable ReachabilityProbe probe) {
        this.probe = probe;
    }

    public void put(String token, String keyAuthorization) {
        put("", token, keyAuthorization);
    }

    /** @param name that the CA is to see proved */
    public void put(String name, String token, String keyAuthorization) {
        answers.put(token, new Open(name, keyAuthorization));
    }

    public void remove(String token) {
        answers.remove(token);
    }

    /** The body to answer with, or null where no challenge with this token is open. */
    public @Nullable String answer(String token) {
        Open open = answers.get(token);
        if (open != null) {
            return open.keyAuthorization();
        }
        return probe == null ? null : probe.answer(token);
    }

    /** Whether a CA may be about to look at this name: some challenge for it is open. */
    public boolean isOpenFor(String name) {
        return answers.values().stream().anyMatch(open -> open.name().equalsIgnoreCase(name));
    }
}
