package dev.postern.certificate.care;

import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.policy.FailingNames;
import dev.postern.certificate.policy.IssuerChoice;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.pki.Certificate;
import dev.postern.time.TimeText;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What there is to be told of one site: the lines of the log, and the events, which whoever calls hands on outside. Made
 * and used within the {@linkplain SiteRecord#within door} of the site.
 */
public final class SiteNews {
    private static final Logger LOG = LoggerFactory.getLogger(SiteNews.class);

    /** Characters of a failure that are logged at WARN: what failed, of which name, and why. */
    private static final int LONGEST_MESSAGE = 300;

    private final SiteState state;
    private final List<String> names;

    SiteNews(SiteState state) {
        this.state = state;
        this.names = state.site().names();
    }

    /** A certificate was installed; logged. */
    CertificateEvents.Renewed renewed(Certificate certificate, Instant now) {
        int number = state.held().number();
        LOG.info(
                "{}: certificate {} from {}, serial {}, valid until {}; next renewal {}",
                state.name(),
                number == 0 ? "(not on disk yet)" : number,
                certificate.issuer(),
                certificate.serialText(),
                certificate.notAfter(),
                new Outlook(state, now).decide() instanceof Decision.Wait wait ? TimeText.at(wait.until()) : "now");
        String path = state.held().path();
        return new CertificateEvents.Renewed(
                state.name(),
                names,
                certificate.issuer(),
                certificate.serialText(),
                certificate.notBefore(),
                certificate.notAfter(),
                path);
    }

    /** An attempt failed, and is in the history; logged: what failed, when it is tried again, how long we can wait. */
    CertificateEvents.Failed failed(Fault fault, Shown shown, Instant now) {
        RenewalHistory history = state.history();
        RenewalHistory.Failure last = history.last();
        String message = last == null ? "" : last.message();
        Decision decision = new Outlook(state, now).plan();
        boolean isServed = shown.missing(state.leftOut()).isEmpty();
        String line = state.name() + ": " + (state.certificate() == null ? "first certificate: " : "renewing: ")
                + shortened(message)
                + "; " + blame(fault) + "; attempt " + (history.failures() + 1) + " "
                + (decision instanceof Decision.Wait wait
                        ? "in " + TimeText.of(Duration.between(now, wait.until()))
                        : "now")
                + "; "
                + shown.text(state.leftOut(), now);
        if (isServed) {
            LOG.warn("{}", line);
        } else if (RenewalPolicy.isHopeless(history, now)) {
            LOG.error(
                    "{}; it has failed for {}: from now on it is tried once a week, until something changes",
                    line,
                    TimeText.of(history.failingFor(now)));
        } else {
            LOG.error("{}", line);
        }
        for (String name : state.leftOut()) {
            FailingNames.Failing failing = history.names().of(name);
            if (failing != null && now.equals(failing.leftOutSince())) {
                LOG.warn(
                        "{}: \"{}\" has failed {} times since {}: {}; {} certified without it, and it is"
                                + " tried alone again at {} (keep-together: true would keep them waiting for it)",
                        state.name(),
                        name,
                        failing.failures(),
                        TimeText.at(failing.since()),
                        failing.message(),
                        state.wanted().size() == 1
                                ? "the other name is"
                                : "the other " + state.wanted().size() + " names are",
                        TimeText.at(failing.nextTry()));
            }
        }
        return new CertificateEvents.Failed(
                state.name(),
                names,
                fault,
                message,
                history.failures(),
                decision instanceof Decision.Wait wait ? wait.until() : now,
                shown.until());
    }

    /** What fits into a line that is read in passing; all of it is at DEBUG, and in the explanation. */
    private String shortened(String message) {
        if (message.length() <= LONGEST_MESSAGE) {
            return message;
        }
        LOG.debug("{}: {}", state.name(), message);
        int part = message.lastIndexOf("; ", LONGEST_MESSAGE);
        String first = message.substring(0, part > LONGEST_MESSAGE / 3 ? part : LONGEST_MESSAGE);
        return first + "… (all of it: postern cert explain " + state.name() + ")";
    }

    /**
     * The care of the site begins: where it waits without a certificate, somebody may be waiting for it, and would hear
     * nothing until the next attempt. Says so once.
     */
    void begun(Shown shown, Instant now) {
        RenewalHistory.Failure last = state.history().last();
        if (!shown.missing(state.leftOut()).isEmpty()
                && last != null
                && new Outlook(state, now).plan() instanceof Decision.Wait wait) {
            LOG.error(
                    "{}: {}; {} failed, the last at {}: {}; the next one in {}, at {}",
                    state.name(),
                    shown.text(state.leftOut(), now),
                    state.history().failures() == 1
                            ? "1 attempt"
                            : state.history().failures() + " attempts",
                    TimeText.at(last.at()),
                    shortened(last.message()),
                    TimeText.of(Duration.between(now, wait.until())),
                    TimeText.at(wait.until()));
        }
    }

    /** Whose it is, in words. */
    public static String blame(Fault fault) {
        return switch (fault) {
            case OURS -> "the fault is on this host";
            case NAME -> "the fault is with the name, its DNS or its reachability";
            case CA -> "the fault is with the CA or the way to it";
        };
    }

    /** What is to be told of a renewal that is overdue; null where none is. */
    CertificateEvents.@Nullable Overdue overdue(Instant now) {
        Instant since = state.lateSince();
        since = !isLate(now) ? null : since == null || since.isAfter(now) ? now : since;
        state.lateSince(since);
        RenewalHistory history = state.history();
        RenewalHistory.Failure last = history.last();
        // A host that was switched off renews at its next start: nobody need look unless that fails, or does not begin.
        if (since == null || (history.failures() == 0 && !Announcements.isLate(Duration.between(since, now)))) {
            return null;
        }
        Certificate certificate = state.certificate();
        return new CertificateEvents.Overdue(
                state.name(),
                names,
                last == null ? null : last.message(),
                history.failures(),
                certificate == null ? null : certificate.notAfter());
    }

    private boolean isLate(Instant now) {
        RenewalPolicy.Life life = state.life(now);
        RenewalHistory history = state.history();
        if (life == null || life.renewAt().equals(RenewalPolicy.AT_ONCE)) {
            return Announcements.isLate(history.failingFor(now));
        }
        return !now.isBefore(life.dueAt())
                && now.isAfter(IssuerChoice.widensAt(life))
                && !history.heldUntil(now).isAfter(now);
    }
}
