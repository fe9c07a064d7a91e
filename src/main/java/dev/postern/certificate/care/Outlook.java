package dev.postern.certificate.care;

import dev.postern.certificate.limits.Ledger;
import dev.postern.certificate.policy.IssuerChoice;
import dev.postern.certificate.policy.Opening;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import java.time.Instant;
import java.util.List;

/**
 * What is to be done for a site as of one instant, and why; it changes nothing. Made of what is had within the {@linkplain
 * SiteRecord#within door} of the site, and used there.
 */
public final class Outlook {
    private final SiteState state;
    private final SiteRecord record;
    private final Site site;
    private final List<String> issuers;
    private final Instant now;

    public Outlook(SiteState state, Instant now) {
        this.state = state;
        this.record = state.record();
        this.site = record.site();
        this.issuers = record.issuerNames();
        this.now = now;
    }

    /** On which terms its issuers would take an order now. */
    public OrderTerms terms() {
        return state.terms(now);
    }

    /** What is to be done, as far as it depends on this site; the queue knows of what all sites have in common. */
    Decision decide() {
        RenewalPolicy.Openings names = terms()::names;
        Demand demand = state.demand();
        return demand != null && state.run() == null ? demanded(demand.insists(), names) : orToTry(decide(names));
    }

    /** While there is nothing else to do, names that are left out are tried. */
    private Decision orToTry(Decision decision) {
        RenewalHistory history = state.history();
        Instant next = history.names().nextTry(site.names());
        if (!(decision instanceof Decision.Wait wait) || next == null || site.keepTogether() || issuers.isEmpty()) {
            return decision;
        }
        String issuer = issuers.get(0);
        Ledger ledger = record.ledger(issuer);
        Opening opening = RenewalPolicy.pause(history, issuer, now)
                .and(ledger.account(Ledger.Kind.FIRST, now))
                .and(ledger.names(state.leftOut(), Ledger.Kind.REPLACEMENT, now));
        Instant at = opening.at().isAfter(next) ? opening.at() : next;
        if (at.isAfter(now)) {
            return at.isBefore(wait.until()) ? new Decision.Wait(at, wait.reason()) : wait;
        }
        return new Decision.Renew(
                "only to see whether " + String.join(", ", state.toBeTried(now)) + " can be proven again",
                new IssuerChoice(List.of(issuer), false));
    }

    /** What is to be done, with all that is in the way of it. */
    public Decision plan() {
        return decide(terms()::all);
    }

    private Decision decide(RenewalPolicy.Openings openings) {
        Decision decision = RenewalPolicy.decide(state.life(now), state.history(), issuers, openings, now);
        if (!(decision instanceof Decision.Renew renew)) {
            return decision;
        }
        return state.held().isRemoved()
                ? new Decision.Renew("its folder was removed", renew.choice())
                : state.held().standsInFor() != null
                        ? new Decision.Renew("the certificate after it was revoked", renew.choice())
                        : decision;
    }

    /**
     * What an operator would get who asks for an order now: that, or what the CA and its limits have against it.
     *
     * @param insists whether that does not count
     */
    public Decision demanded(boolean insists) {
        return demanded(insists, terms()::all);
    }

    private Decision demanded(boolean insists, RenewalPolicy.Openings openings) {
        RenewalHistory history = state.history();
        Certificate certificate = state.certificate();
        RenewalPolicy.Life due = certificate == null
                ? null
                : new RenewalPolicy.Life(certificate.notBefore(), certificate.notAfter(), RenewalPolicy.AT_ONCE);
        Decision decision = insists
                ? RenewalPolicy.decide(due, history.insistent(), issuers, RenewalPolicy.Openings.ALWAYS, now)
                : RenewalPolicy.decide(due, history.impatient(), issuers, openings, now);
        IssuerChoice choice = IssuerChoice.of(decision);
        return choice == null
                ? decision
                : decision instanceof Decision.Renew
                        ? new Decision.Renew("asked for by the operator", choice.insisting(insists))
                        : new Decision.Emergency(decision.reason(), choice.insisting(insists || choice.insists()));
    }

    /** Whether something is to be done, were back-off and limits not in the way. */
    public boolean isDue() {
        RenewalHistory unfailed = RenewalHistory.NONE.held(state.history().holdUntil());
        return !(RenewalPolicy.decide(state.life(now), unfailed, issuers, RenewalPolicy.Openings.ALWAYS, now)
                instanceof Decision.Wait);
    }

    CertificateStatus status() {
        return CertificateStatus.of(site, state.certificate(), state.held().older(), state.history(), plan(), now)
                .notOnDisk(state.held().notOnDiskBecause());
    }

    public SitePlan sitePlan() {
        RenewalPolicy.Life life = state.life(now);
        Decision decision = plan();
        // Who is asked then: the one that is preferred may be held for longer than the next one.
        IssuerChoice choice = IssuerChoice.of(
                decision instanceof Decision.Wait wait ? new Outlook(state, wait.until()).plan() : decision);
        if (choice == null || choice.issuers().isEmpty()) {
            choice = IssuerChoice.of(life, state.history(), issuers, now);
        }
        String next = choice.issuers().stream().findFirst().orElse(null);
        return new SitePlan(
                record.name(),
                next,
                life == null ? null : life.dueAt().equals(RenewalPolicy.AT_ONCE) ? now : life.dueAt(),
                decision instanceof Decision.Wait wait ? wait.until() : now,
                decision.reason(),
                next == null ? List.of() : record.ledger(next).budgets(state.wanted(), now));
    }
}
