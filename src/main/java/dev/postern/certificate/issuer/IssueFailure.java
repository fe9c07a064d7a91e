package dev.postern.certificate.issuer;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why no certificate came: one line for the operator, whose fault it is, and when the CA will hear us again. */
public final class IssueFailure extends Exception {
    private static final long serialVersionUID = 1;

    /** Who has to change something. */
    public enum Fault {
        /** This process or its host: no disk, no network, a bug. */
        OURS,
        /** The names: DNS, firewall, CAA, refused by policy. */
        NAME,
        /** The CA: unreachable, overloaded, rate limited, broken. */
        CA
    }

    /** Whom {@link #retryAfter} is meant for. */
    public enum Hold {
        /** The names that were asked for; every other site may be asked for. */
        SITE,
        /** New orders of our account, but for those that replace a certificate: CAs exempt these. */
        ORDERS,
        /** Whatever our account asks. */
        ACCOUNT
    }

    private final Fault fault;
    private final transient @Nullable Instant retryAfter;
    private final Hold hold;
    private final transient List<String> invalid;
    private final transient Map<String, String> blamed;

    public IssueFailure(Fault fault, String message, @Nullable Throwable cause) {
        this(fault, message, null, cause);
    }

    public IssueFailure(Fault fault, String message, @Nullable Instant retryAfter, @Nullable Throwable cause) {
        this(fault, message, retryAfter, Hold.SITE, List.of(), Map.of(), cause);
    }

    private IssueFailure(
            Fault fault,
            String message,
            @Nullable Instant retryAfter,
            Hold hold,
            List<String> invalid,
            Map<String, String> blamed,
            @Nullable Throwable cause) {
        super(message, cause);
        this.fault = fault;
        this.retryAfter = retryAfter;
        this.hold = hold;
        this.invalid = List.copyOf(invalid);
        this.blamed = Collections.unmodifiableMap(new LinkedHashMap<>(blamed));
    }

    /** The same, meant for others as well: every site that asks with the same account would hear it. */
    public IssueFailure holding(Hold whom) {
        return whom == hold
                ? this
                : new IssueFailure(fault, String.valueOf(getMessage()), retryAfter, whom, invalid, blamed, getCause());
    }

    /** The same, and what the operator may do about it. */
    public IssueFailure adding(String advice) {
        return new IssueFailure(fault, getMessage() + "; " + advice, retryAfter, hold, invalid, blamed, getCause());
    }

    /** As {@code failure}, after so many validations of these names failed; a name counts as often as it is listed. */
    public static IssueFailure ofValidation(IssueFailure failure, List<String> names) {
        return new IssueFailure(
                failure.fault,
                String.valueOf(failure.getMessage()),
                failure.retryAfter,
                failure.hold,
                names,
                failure.blamed,
                failure.getCause());
    }

    /** The same, because of these names and not of the others: each with what is wrong with it. */
    public IssueFailure blaming(Map<String, String> names) {
        return names.isEmpty()
                ? this
                : new IssueFailure(fault, String.valueOf(getMessage()), retryAfter, hold, invalid, names, getCause());
    }

    /** What is wrong with which names, where it is known to be theirs: the others may be certified without them. */
    public Map<String, String> blamed() {
        return blamed;
    }

    /** Whom {@link #retryAfter} is meant for. */
    public Hold hold() {
        return hold;
    }

    public Fault fault() {
        return fault;
    }

    /** The names whose validation failed, which CAs count: one for each failed validation. */
    public List<String> invalid() {
        return invalid;
    }

    /** Not before this instant, said the CA. */
    public Optional<Instant> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
