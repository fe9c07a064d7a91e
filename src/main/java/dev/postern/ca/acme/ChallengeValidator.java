package dev.postern.ca.acme;

import java.util.Optional;
import java.util.function.Consumer;

/** Finds out whether an account controls a name, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8">RFC 8555 §8</a>. */
@FunctionalInterface
public interface ChallengeValidator {
    /**
     * Called on the thread of the request, without any lock. Hands its finding over once, now or later, on any thread;
     * until then the challenge is {@code processing}.
     *
     * @param finding takes nothing where the proof was good, else why it was not
     */
    void validate(Proof wanted, Consumer<Optional<Problem>> finding);

    /**
     * What has to be found.
     *
     * @param type {@code http-01}, {@code tls-alpn-01} or {@code dns-01}
     * @param name without the {@code *.} of a wildcard
     * @param keyAuthorization <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.1">RFC 8555 §8.1</a>
     * @param account its URL
     */
    record Proof(String type, String name, String token, String keyAuthorization, String account) {}
}
