package dev.postern.certificate.policy;

import java.time.Instant;

/**
 * When something may be asked of an issuer.
 *
 * @param at the past where it may be asked now
 * @param because what is in the way until then, in a few words; empty where nothing is
 */
public record Opening(Instant at, String because) {
    /** At once. */
    public static final Opening NOW = new Opening(Instant.MIN, "");

    public Opening and(Opening other) {
        return other.at.isAfter(at) ? other : this;
    }

    public boolean isOpen(Instant now) {
        return !at.isAfter(now);
    }
}
