package dev.postern.certificate.care;

import java.time.Instant;

/** The clock of {@link Renewals}: calls {@link Renewals#wake} when it is time. Implemented by {@code schedule}. */
public interface WakeUps {
    /**
     * Wakes the site, or whatever has the name, at {@code when}, or at once where that has passed; takes the place of an earlier wish for the same
     * one. Never blocks, never fails: a wake-up that is lost is made good by the next sweep.
     */
    void at(String site, Instant when);
}
