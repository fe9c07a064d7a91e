package dev.postern.certificate.store;

import java.io.IOException;
import java.time.Instant;
import java.util.random.RandomGenerator;

/**
 * Where the certificates of all sites, the accounts, and what was used of the limits of CAs are kept. What a store says of
 * itself is for operators: nobody outside of it knows where or how things are kept.
 *
 * <p>One process writes at a time. Within the process each site is written by one thread at a time; {@code Renewals} sees
 * to that. Blocks; asks no CA.
 */
public interface Store extends AutoCloseable {
    /** Where it is, as an operator reads it. */
    String describe();

    /** Whether there ever was a store; where that cannot be told, it counts as one. */
    boolean exists();

    /** Whether it is open for writing. */
    boolean isWritable();

    /**
     * From now on it is open for writing; where this fails it is only read, as before.
     *
     * @throws StoreInUse where another process has it
     * @throws IOException with one line for the operator: where, and the reason
     */
    void openToWrite() throws IOException;

    /** Whether another process has the store: a daemon runs. Only for who does not have it open for writing itself. */
    boolean isInUse() throws IOException;

    /**
     * For who looks on, at all of it: where it can be read, or is not there, returns.
     *
     * @throws IOException with where and the reason
     */
    void requireReadable() throws IOException;

    /**
     * Looks whether there is room now where there was none when it was opened, and whether it is still ours alone; says now
     * and then where that is not so.
     */
    void lookAfter(Instant now);

    /** What there is of one site. */
    SiteStore site(String site);

    /** The account at one issuer. */
    AccountStore account(String issuer);

    /** What CAs may ask for now. */
    OpenChallenges challenges();

    /**
     * With what the side port shows those who want to know whether it is us. It is made where it is missing; in a store
     * that is open for reading only, or that refuses to be written, it is one that nobody else knows.
     */
    ProbeKey probeKey(RandomGenerator random);

    /** For commands, which ask with the same key; without effect in a store that is open for reading only. */
    void keep(ProbeKey key);

    /** Whether {@link #stickySecret} was asked for before. */
    boolean hasStickySecret();

    /**
     * What the values of sticky cookies are made with, the same for all who share the store: made where there is none, also
     * by who has it open for reading only, since it is no certificate's.
     *
     * @throws IOException with where and the reason: it can be neither read nor made
     */
    byte[] stickySecret(RandomGenerator random) throws IOException;

    /** Lets another process use the store; from now on it is only read. */
    @Override
    void close();
}
