package dev.postern.simulation;

import java.time.Duration;

/** Something that goes wrong in a world, at a time counted from its beginning. */
public sealed interface Calamity {
    Duration at();

    /** How an issuer is not there. */
    enum Absence {
        /** The connection is refused, or its name does not resolve. */
        REFUSED,
        /** Nothing ever comes back. */
        SILENT,
        /** 503, with a Retry-After in seconds. */
        UNAVAILABLE,
        /** 503, with a Retry-After that is a date. */
        UNAVAILABLE_UNTIL,
        /** 500, and no word of when. */
        BROKEN
    }

    /** @param issuer which one; {@code *} for all */
    record Outage(String issuer, Duration at, Duration length, Absence absence) implements Calamity {}

    /**
     * The issuer answers a share of all requests with 429.
     *
     * @param share 0 to 1
     * @param retryAfter what it says
     */
    record Refusals(String issuer, Duration at, Duration length, double share, Duration retryAfter)
            implements Calamity {}

    /** A share of all requests is hit by one of the faults of networks and overloaded servers. */
    record BadNetwork(String issuer, Duration at, Duration length, double share) implements Calamity {}

    /** The issuer cannot see the answers of a site: its DNS or its firewall is wrong. */
    record Unreachable(int site, Duration at, Duration length) implements Calamity {}

    /** The second name of a site, where it has one, is gone: the issuer cannot see its answers, but those of the first. */
    record NameDead(int site, Duration at, Duration length) implements Calamity {}

    /** The {@code Date} of the issuer is wrong by so much. */
    record WrongDate(String issuer, Duration at, Duration length, Duration ahead) implements Calamity {}

    /** The issuer has forgotten every account. */
    record AccountsLost(String issuer, Duration at) implements Calamity {}

    /** The issuer has new terms of service, and the operator needs so long to agree to them. */
    record TermsChanged(String issuer, Duration at, Duration length) implements Calamity {}

    /** The issuer does not offer the profile of our orders any more, until it does again. */
    record ProfileWithdrawn(String issuer, Duration at, Duration length) implements Calamity {}

    /** Our clock is set. */
    record ClockJump(Duration at, Duration by) implements Calamity {}

    record FullDisk(Duration at, Duration length) implements Calamity {}

    record ReadOnlyDisk(Duration at, Duration length) implements Calamity {}

    /** The process dies, and is started again after {@code away}. */
    record Death(Duration at, Duration away) implements Calamity {}

    /** As {@link Death}, in the midst of the n-th step on the disk from then on. */
    record DeathAtWrite(Duration at, int nth, Duration away) implements Calamity {}

    /** The power fails: the process dies, and what was not synced is on the disk in part or not at all. */
    record PowerLoss(Duration at, Duration away) implements Calamity {}

    /** As {@link PowerLoss}, in the midst of the n-th step on the disk from then on. */
    record PowerLossAtWrite(Duration at, int nth, Duration away) implements Calamity {}

    /** The process is stopped in good order, and started again. */
    record Restart(Duration at) implements Calamity {}

    /** What {@code WakeUps} was asked for is forgotten. */
    record WakeUpsLost(Duration at) implements Calamity {}
}
