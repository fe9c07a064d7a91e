package dev.postern.certificate;

import java.time.Instant;

/**
 * When something may be asked of an issuer.
 *
 * @param at the past where it may be asked now
 * @param because what is in the way until then, in a few words; empty where nothing is
 */
record Opening(Instant at, String because) {
    /** At once. */
    static final Opening NOW = new Opening(Instant.MIN, "");

    Opening and(Opening other) {
        return other.at.isAfter(at) ? other : this;
    }

    boolean isOpen(Instant now) {
        return !at.isAfter(now);
    }
}
