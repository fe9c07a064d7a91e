package dev.postern.simulation;

/** What is broken on purpose, to see that the {@link Witness} notices: a watch that never barks proves nothing. */
enum Defect {
    NONE,
    /** What has failed once is not tried again. */
    NO_RETRY,
    /** No wake-up ever comes, and nobody looks after the sites by the minute. */
    DEAF,
    /** The rate limits of the issuers are not kept. */
    NO_LIMITS,
    /** Nothing that is synced reaches the disk by that. */
    NO_SYNC,
    /** The order in flight is not in the journal. */
    NO_JOURNAL,
    /** A certificate is stored with the key of another one. */
    OTHER_KEY
}
