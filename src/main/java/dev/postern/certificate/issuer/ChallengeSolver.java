package dev.postern.certificate.issuer;

import dev.postern.config.ChallengeType;
import java.io.IOException;

/**
 * Shows a CA that a name is ours, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8">RFC 8555 §8</a>. Safe
 * for several threads; blocking, and called on the threads of orders only.
 */
public interface ChallengeSolver {
    ChallengeType type();

    /**
     * Shows the answer; returns when the CA can see it.
     *
     * @throws IOException one line for the operator: why it cannot be shown
     */
    void present(ChallengeAnswer answer) throws IOException, InterruptedException;

    /**
     * Who came to see the answer so far, as half a sentence for the operator: where a CA says that it could not see it,
     * this is the other side of the story. Empty where that is not known.
     */
    default String seen(ChallengeAnswer answer) {
        return "";
    }

    /** Takes the answer away; what goes wrong is logged. */
    void withdraw(ChallengeAnswer answer) throws InterruptedException;

    /**
     * The order is interrupted and goes on later, which presents the answer again unless the CA has come by then: it may be
     * shown for so long.
     */
    default void leave(ChallengeAnswer answer) throws InterruptedException {
        withdraw(answer);
    }

    /** All names of the site are proven: no CA comes for what was left of its orders. */
    @SuppressWarnings("unused")
    default void proven(String site) {}
}
