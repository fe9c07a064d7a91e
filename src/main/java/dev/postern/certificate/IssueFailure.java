package dev.postern.certificate;

import java.time.Instant;
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

    private final Fault fault;
    private final transient @Nullable Instant retryAfter;
    private final boolean ofAccount;

    public IssueFailure(Fault fault, String message, @Nullable Instant retryAfter, @Nullable Throwable cause) {
        this(fault, message, retryAfter, false, cause);
    }

    private IssueFailure(
            Fault fault, String message, @Nullable Instant retryAfter, boolean ofAccount, @Nullable Throwable cause) {
        super(message, cause);
        this.fault = fault;
        this.retryAfter = retryAfter;
        this.ofAccount = ofAccount;
    }

    /** As {@code failure}, but every site that asks with the same account would hear the same. */
    public static IssueFailure ofAccount(IssueFailure failure) {
        return new IssueFailure(
                failure.fault, String.valueOf(failure.getMessage()), failure.retryAfter, true, failure.getCause());
    }

    /** Whether {@link #retryAfter} is meant for the whole account, not for this site alone. */
    public boolean isOfAccount() {
        return ofAccount;
    }

    public IssueFailure(Fault fault, String message, @Nullable Throwable cause) {
        this(fault, message, null, cause);
    }

    public Fault fault() {
        return fault;
    }

    /** Not before this instant, said the CA. */
    public Optional<Instant> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
