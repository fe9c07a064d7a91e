package dev.postern.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What became of a world.
 *
 * @param certificates that were installed
 * @param orders that were begun at an issuer
 * @param rehearsals orders at staging directories
 * @param requests that reached an issuer
 * @param deaths of the process
 * @param leastLeft the smallest share of a certificate's life that was left when the next one came, 0 to 1; of those
 *     that still run at the end, too
 * @param gaps when a site had no valid certificate, but for its first
 * @param slowestFirst the longest that a site waited for its first certificate
 * @param longestOutage the longest time without any issuer that answered
 * @param refused requests that an issuer refused because a rate limit of its own was reached
 * @param violation the first promise that was broken; null where all were kept
 */
public record Outcome(
        Scenario scenario,
        int certificates,
        int orders,
        int rehearsals,
        long requests,
        int deaths,
        double leastLeft,
        List<Gap> gaps,
        Duration slowestFirst,
        Duration longestOutage,
        int refused,
        @Nullable Violation violation) {
    public Outcome {
        gaps = List.copyOf(gaps);
    }

    /**
     * A site was without a valid certificate.
     *
     * @param length until the next one came, or the world ended
     */
    public record Gap(String site, Instant from, Duration length) {}

    /** @param past the last lines of the history */
    public record Violation(long seed, Instant at, String what, List<String> past) {
        public Violation {
            past = List.copyOf(past);
        }

        @Override
        public String toString() {
            return "seed " + seed + ", " + at + ": " + what + "\n  " + String.join("\n  ", past);
        }
    }
}
