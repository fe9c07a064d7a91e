package dev.postern.certificate.operate;

import dev.postern.certificate.care.CertificateStatus.Served;
import dev.postern.certificate.care.Outlook;
import dev.postern.certificate.care.SiteRecord;
import dev.postern.certificate.care.SiteState;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.policy.FailingNames;
import dev.postern.certificate.policy.Opening;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.certificate.policy.Suggestion;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why the care of one site does what it does, in words. Made and used within the door of the site. */
final class Explanation {
    private final SiteState state;
    private final SiteRecord record;
    private final List<CertificateIssuer> issuers;
    private final Outlook outlook;
    private final SitePlan plan;
    private final Instant now;
    private final List<String> lines = new ArrayList<>();

    /** @param issuers all that are configured, in order of preference */
    Explanation(SiteState state, List<CertificateIssuer> issuers, Instant now) {
        this.state = state;
        this.record = state.record();
        this.issuers = issuers;
        this.outlook = new Outlook(state, now);
        this.plan = outlook.sitePlan();
        this.now = now;
    }

    List<String> lines(Served served, Optional<Duration> skew) {
        say("site", record.name());
        say("names", String.join(", ", record.site().names()));
        issuers();
        certificate(served);
        renewal();
        failures();
        names();
        limits();
        order();
        skew.ifPresent(found -> say(
                "clock",
                "this host is " + TimeText.of(found.abs()) + (found.isNegative() ? " ahead of" : " behind")
                        + " the CAs"));
        say("next", next());
        return List.copyOf(lines);
    }

    private void say(String what, String text) {
        lines.add(what + ": " + text);
    }

    private void issuers() {
        int place = 0;
        for (CertificateIssuer issuer : issuers) {
            if (!record.issuers().contains(issuer)) {
                say("issuer", issuer.name() + ": may not certify these names");
                continue;
            }
            place++;
            Opening opening = RenewalPolicy.pause(state.history(), issuer.name(), now)
                    .and(outlook.terms().account(issuer.name()));
            say(
                    "issuer",
                    issuer.name()
                            + (place == 1 ? ": preferred" : ": asked where those before it fail and it is urgent")
                            + (opening.isOpen(now)
                                    ? ""
                                    : "; not before " + time(opening.at()) + ": " + opening.because()));
        }
        if (place == 0) {
            say(
                    "issuer",
                    "none may certify these names; no certificate is ordered until acme.issuers names one that can");
        }
    }

    private void certificate(Served served) {
        Certificate certificate = state.certificate();
        if (certificate == null) {
            say("certificate", state.lent().isEmpty() ? "none; handshakes are refused" : "none of its own");
            older();
            return;
        }
        Duration life = Duration.between(certificate.notBefore(), certificate.notAfter());
        Duration gone = Duration.between(certificate.notBefore(), now);
        double share = life.isZero() ? 100 : 100.0 * gone.toMillis() / life.toMillis();
        say(
                "certificate",
                "serial " + certificate.serialText() + " from " + certificate.issuer() + ", " + certificate.notBefore()
                        + " to " + certificate.notAfter()
                        + (certificate.isExpired(now)
                                ? ", expired: not served"
                                : String.format(
                                        Locale.ROOT,
                                        ", %.0f %% of its life gone, %s left",
                                        share,
                                        TimeText.of(Duration.between(now, certificate.notAfter())))));
        List<String> missing = state.wanted().stream()
                .filter(name -> !certificate.covers(name))
                .toList();
        if (!missing.isEmpty()) {
            say("certificate", "does not cover " + String.join(", ", missing) + ": due at once");
        }
        older();
        String refusal = state.held().notOnDiskBecause();
        if (refusal != null) {
            say("stored", "in memory only: " + refusal + "; written as soon as the disk takes it");
        }
        String revocation = state.held().standsInFor();
        if (revocation != null) {
            say("revoked", "the certificate after it was revoked: " + revocation + "; another one is due at once");
        }
        switch (served.answer()) {
            case YES -> say("served", "clients are shown it, as of " + at(served.at(), "now"));
            case NO -> say("served", served.why() + " (as of " + at(served.at(), "now") + ")");
            case NOT_ASKED -> say("served", "not looked at");
        }
    }

    private void older() {
        state.lent()
                .forEach((name, one) -> say(
                        "older certificate",
                        name + " is served with the one before, serial "
                                + one.certificate().serialText() + ", until "
                                + time(one.certificate().notAfter())));
    }

    private void renewal() {
        RenewalPolicy.Life life = state.life(now);
        Suggestion suggestion = state.history().suggestion();
        if (life != null && !life.renewAt().equals(RenewalPolicy.AT_ONCE)) {
            say("due", time(life.dueAt()) + ", " + reason(life) + "; urgent from " + time(life.emergencyAt()) + " on");
            if (life.isLastCall(state.history(), now) || now.isBefore(life.lastCallAt())) {
                say("last call", "whatever holds it up, it is asked for once more at " + time(life.lastCallAt()));
            }
        }
        if (suggestion != null && suggestion.failures() > 0) {
            say(
                    "ari",
                    "its CA could not be asked when it wants the renewal, " + suggestion.failures()
                            + " times in a row; asked again at " + time(suggestion.askAt()));
        } else if (suggestion != null) {
            say("ari", "its CA is asked at " + time(suggestion.askAt()) + " when it wants the renewal");
        }
        Instant held = state.history().heldUntil(now);
        if (held.isAfter(now)) {
            say(
                    "held",
                    "an operator went back to this certificate; not renewed before " + time(held) + " unless urgent");
        }
    }

    /** Where the instant is from. */
    private String reason(RenewalPolicy.Life life) {
        Suggestion suggestion = state.history().suggestion();
        Suggestion.Window window = suggestion == null ? null : suggestion.window();
        if (life.suggestedAt() != null && window != null) {
            return "drawn in the window that its CA suggests, " + TimeText.at(window.start()) + " to "
                    + TimeText.at(window.end())
                    + (window.explanation() == null ? "" : ", because of " + window.explanation());
        }
        double share = 100.0
                * Duration.between(life.notBefore(), life.renewAt()).toMillis()
                / Math.max(
                        1, Duration.between(life.notBefore(), life.notAfter()).toMillis());
        return String.format(Locale.ROOT, "drawn at %.1f %% of its life", share);
    }

    private void failures() {
        RenewalHistory.Failure last = state.history().last();
        if (last != null) {
            say(
                    "failures",
                    state.history().failures() + " in a row; the last at " + TimeText.at(last.at()) + " (fault: "
                            + last.fault().name().toLowerCase(Locale.ROOT) + "): " + last.message());
        }
    }

    private void names() {
        for (String name : record.site().names()) {
            FailingNames.Failing failing = state.history().names().of(name);
            if (failing == null) {
                continue;
            }
            boolean out = state.leftOut().contains(name);
            say(
                    out ? "left out" : "name",
                    name + ": failed " + failing.failures() + (failing.failures() == 1 ? " time" : " times") + " since "
                            + TimeText.at(failing.since()) + ": " + failing.message()
                            + (out
                                    ? "; the others are certified without it; tried alone again at "
                                            + time(failing.nextTry())
                                    : record.site().keepTogether()
                                                    && record.site().names().size() > 1
                                            ? "; the others wait for it (keep-together)"
                                            : ""));
        }
    }

    private void limits() {
        for (SitePlan.Budget budget : plan.budgets()) {
            // Near its end: who wants all of them asks for the plan.
            if (budget.left() * 4 <= budget.max()) {
                say(
                        "limit",
                        budget.limit() + (budget.of().isEmpty() ? "" : " of " + budget.of()) + ": " + budget.left()
                                + " of " + budget.max() + " left"
                                + (budget.nextAt() == null ? "" : ", one more at " + TimeText.at(budget.nextAt())));
            }
        }
    }

    private void order() {
        for (CertificateIssuer issuer : record.issuers()) {
            try {
                record.journal(issuer.name())
                        .read()
                        .ifPresent(entry -> say(
                                "order",
                                entry.order() + " at " + entry.issuer()
                                        + (state.run() == null
                                                ? ", begun; resumed with the next attempt"
                                                : ", in flight")));
            } catch (IOException e) {
                say("order", issuer.name() + ": its journal cannot be read: " + DiskFailure.reason(e));
            }
        }
    }

    private String next() {
        if (record.issuers().isEmpty()) {
            return "nothing, until the configuration changes";
        }
        if (state.run() != null) {
            return "the order that is in flight ends, or is given up";
        }
        return plan.nextAttempt().isAfter(now)
                ? "an attempt at " + time(plan.nextAttempt()) + " at " + plan.issuer() + ": " + plan.reason()
                : "an attempt now, as soon as it is its turn, at " + plan.issuer() + ": " + plan.reason();
    }

    private static String at(@Nullable Instant when, String otherwise) {
        return when == null ? otherwise : TimeText.at(when);
    }

    private String time(Instant when) {
        return TimeText.at(when) + (when.isAfter(now) ? " (in " + TimeText.of(Duration.between(now, when)) + ")" : "");
    }
}
