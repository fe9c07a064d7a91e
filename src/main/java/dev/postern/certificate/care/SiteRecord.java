package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.limits.Ledger;
import dev.postern.certificate.limits.Ledgers;
import dev.postern.certificate.policy.FailedAttempt;
import dev.postern.certificate.policy.FailingNames;
import dev.postern.certificate.policy.IssuerChoice;
import dev.postern.certificate.policy.Opening;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.certificate.policy.Suggestion;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Generation;
import dev.postern.certificate.store.SiteStore;
import dev.postern.config.Site;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One site that gets its certificate from an issuer: what is known of it, and what is to be done. Every method is called
 * with the monitor of the record held, but those that say otherwise.
 */
public final class SiteRecord {
    private static final Logger LOG = LoggerFactory.getLogger(SiteRecord.class);

    private final Site site;
    private final SiteStore folder;
    private final List<CertificateIssuer> issuers;
    private final List<ChallengeSolver> solvers;
    private final Ledgers ledgers;
    private final List<String> issuerNames;
    private final SiteCertificate held;
    private final Publication publication;
    private final SiteNews news;

    private RenewalHistory history = RenewalHistory.NONE;
    private boolean historyUnwritten;
    private @Nullable Attempt run;
    private @Nullable Demand demand;
    private @Nullable Instant wish;
    // Written under the monitor; read by any thread.
    private volatile boolean loaded;

    /** @param issuers those that may certify every name of the site */
    SiteRecord(
            Site site,
            SiteStore folder,
            List<CertificateIssuer> issuers,
            List<ChallengeSolver> solvers,
            Ledgers ledgers) {
        this.site = site;
        this.folder = folder;
        this.issuers = List.copyOf(issuers);
        this.solvers = List.copyOf(solvers);
        this.ledgers = ledgers;
        this.issuerNames = issuers.stream().map(CertificateIssuer::name).toList();
        this.held = new SiteCertificate(site.name(), site.names(), folder);
        this.publication = new Publication(site);
        this.news = new SiteNews(this);
    }

    // ---- what never changes: any thread, no monitor

    public String name() {
        return site.name();
    }

    public Site site() {
        return site;
    }

    /** Those that may certify every name of the site, the preferred one first. */
    public List<CertificateIssuer> issuers() {
        return issuers;
    }

    /** How the site proves its names, the preferred way first. */
    public List<ChallengeSolver> solvers() {
        return solvers;
    }

    @Nullable CertificateIssuer issuer(String name) {
        int index = issuerNames.indexOf(name);
        return index < 0 ? null : issuers.get(index);
    }

    public Ledger ledger(String issuer) {
        return ledgers.of(issuer);
    }

    /** Of the order in flight at this issuer. Used by the run of the site, and by whoever only looks. */
    public OrderJournal journal(String issuer) {
        return folder.journal(issuer);
    }

    /** For who watches from outside any monitor. */
    public ServedWatch.Subject subject() {
        return new ServedWatch.Subject(name(), site.names(), () -> {
            synchronized (this) {
                return publication.isPublished() ? certificate() : null;
            }
        });
    }

    /** Whether the files were read; until then the record knows no more than the configuration. Any thread. */
    boolean isLoaded() {
        return loaded;
    }

    // ---- its certificate

    public SiteCertificate held() {
        return held;
    }

    /** The certificate the site has, expired or not. */
    @Nullable public Certificate certificate() {
        return held.get();
    }

    SiteNews news() {
        return news;
    }

    Publication publication() {
        return publication;
    }

    /** What is shown now for names that its certificate lacks. */
    public Map<String, Generation> lent() {
        return publication.lent();
    }

    /** Whether {@code other} would do the same: then this one, which knows more, stays. Any thread, no monitor. */
    boolean isAs(SiteRecord other) {
        return site.isCertifiedAs(other.site) && issuers.equals(other.issuers);
    }

    /** Any thread, no monitor. */
    boolean isRetired() {
        return publication.isRetired();
    }

    /** Derives everything from the files, anew; asks no network. */
    void load(Instant now) {
        held.load(now);
        if (!historyUnwritten) {
            history = folder.history();
        }
        believe(now);
        loaded = true;
    }

    /** Shows what was read: a certificate that is good now, or nothing. */
    void show(CertificateTable table, Instant now) {
        publication.show(certificate(), held.older(), table, now);
    }

    /** What is served follows the dates, also where the clock was set back. */
    void serve(CertificateTable table, Instant now) {
        publication.follow(certificate(), held.olderNow(), table, now);
    }

    /** @throws CertificateException where the site could not be served with what the CA sent */
    public Certificate check(IssuedCertificate issued, Instant now) throws CertificateException {
        Certificate certificate = Certificate.ofFound(name(), issued.issuer(), issued.key(), issued.chain());
        if (!certificate.notAfter().isAfter(certificate.notBefore())) {
            throw new CertificateException(
                    "it ends at " + certificate.notAfter() + ", before it begins at " + certificate.notBefore());
        }
        if (certificate.isExpired(now)) {
            throw new CertificateException("it is expired since " + certificate.notAfter());
        }
        if (!wanted().stream().allMatch(certificate::covers)) {
            throw new CertificateException("it is for " + String.join(", ", certificate.names()));
        }
        return certificate;
    }

    /**
     * Takes a new certificate, to be {@linkplain #show shown}; the attempts are over.
     *
     * @param by the order that brought it, where its issuer keeps a journal
     */
    void install(Certificate certificate, @Nullable OrderEntry by, Instant now, RandomGenerator random) {
        held.install(certificate, by, now);
        history = RenewalHistory.NONE.with(history.names().onlyLeftOut());
        Instant at = RenewalPolicy.pick(certificate.notBefore(), certificate.notAfter(), random);
        // By the CA's clock or ours it may be due already: one order after the other would bring the same again.
        pick(certificate, at.isAfter(now) ? at : RenewalPolicy.pick(now, certificate.notAfter(), random));
    }

    /** Writes what could not be written when it came. */
    public void save(Instant now) {
        if (held.save(now) || historyUnwritten) {
            remember(history);
        }
    }

    /** Sees to it that the disk still has what is served. */
    void keepStored(Instant now) {
        if (!loaded || run != null || isRetired()) {
            return;
        }
        boolean before = held.isRemoved();
        if (held.keepStored(now)) {
            remember(history);
        } else if (held.isRemoved() && !before) {
            // With the folder went what was tried: the operator begins anew. Nothing of it is written again.
            history = RenewalHistory.NONE;
        }
    }

    /** Takes over what its predecessor could not write; before {@link #load}. Called with both monitors held. */
    void inherit(SiteRecord before) {
        held.inherit(before.held);
        if (before.historyUnwritten) {
            history = before.history;
            historyUnwritten = true;
        }
    }

    /** Forgets all orders in flight, and the keys in their journals. */
    public void forgetOrders() throws IOException {
        folder.forgetOrders();
    }

    /** Forgets an order that is of no more use. */
    void forget(@Nullable OrderEntry done) {
        folder.forget(done);
    }

    /** Goes back to the generation before, and renews nothing that is not urgent for a while. */
    public void rollback(Instant now, RandomGenerator random) throws IOException {
        held.rollback(now);
        drawPick(random);
        remember(history.held(now.plus(RenewalHistory.HOLD)));
    }

    /** Takes a certificate from elsewhere as the newest generation. */
    public int adopt(Certificate certificate, @Nullable String account, Instant now) throws IOException {
        OrderEntry ordered = account == null
                ? null
                : new OrderEntry(certificate.issuer(), account, certificate.names(), "", null, null);
        int number = held.adopt(certificate, ordered, now);
        load(now);
        held.removeOld();
        return number;
    }

    /** Removes what is of no more use on disk. */
    void cleanUp(Instant now) {
        try {
            held.cleanUp(now);
        } catch (IOException e) {
            LOG.warn("{}: cleaning up: {}; done again the next time", name(), DiskFailure.reason(e));
        }
    }

    // ---- its attempts

    public RenewalHistory history() {
        return history;
    }

    /** The attempt in flight; null where there is none. */
    @Nullable public Attempt run() {
        return run;
    }

    public void run(@Nullable Attempt next) {
        run = next;
    }

    /** Who waits for an order; null where nobody does. */
    @Nullable public Demand demand() {
        return demand;
    }

    public void demand(@Nullable Demand next) {
        demand = next;
    }

    /**
     * Asks to be woken, unless that was asked for already: thousands of sites are looked at every minute.
     *
     * @param when by the clock of this host
     */
    void wakeAt(Instant when, WakeUps wakeUps) {
        if (!when.equals(wish)) {
            wish = when;
            wakeUps.at(name(), when);
        }
    }

    /** The wake-up came, maybe a little early: whatever is asked for next is asked for anew. */
    void woken() {
        wish = null;
    }

    /** What a wrong clock has left in the history is cut to what can be. */
    void believe(Instant now) {
        RenewalHistory believable = history.believable(now);
        if (!believable.equals(history)) {
            remember(believable);
        }
    }

    /** Draws when to renew, once for each generation. */
    void drawPick(RandomGenerator random) {
        Certificate certificate = certificate();
        RenewalHistory.Pick pick = history.pick();
        if (certificate != null && (pick == null || !pick.serial().equals(certificate.serialText()))) {
            pick(certificate, RenewalPolicy.pick(certificate.notBefore(), certificate.notAfter(), random));
        }
    }

    private void pick(Certificate certificate, Instant at) {
        remember(history.picked(new RenewalHistory.Pick(certificate.serialText(), at)));
    }

    /** @param lasting whether it is worth a write */
    void suggested(Suggestion next, boolean lasting) {
        if (lasting) {
            remember(history.suggested(next));
        } else {
            history = history.suggested(next);
        }
    }

    /** @param spread of the back-off */
    void failed(FailedAttempt attempt, double spread, Instant now) {
        IssueFailure failure = attempt.failure();
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        RenewalHistory next = history.failed(
                new RenewalHistory.Failure(now, spread, failure.fault(), message), attempt.pauses(), attempt.blaming());
        FailingNames names = next.names();
        for (String name : site.names()) {
            String why = failure.blamed().get(name);
            names = why == null ? names : names.failed(List.of(name), why, now);
        }
        RenewalPolicy.Life life = life(now);
        boolean urgent = life == null || !now.isBefore(life.emergencyAt());
        FailingNames without = site.keepTogether() ? names : names.leavingOut(site.names(), urgent, now);
        remember(without.equals(names) ? next.with(names) : next.forOtherNames(without));
    }

    // ---- names that are left out

    /** The names that an order is for. */
    public List<String> wanted() {
        return history.wanted(site);
    }

    /** The names of the site that its certificate does without, because they cannot be proven. */
    public List<String> leftOut() {
        return site.keepTogether() ? List.of() : history.names().leftOut(site.names());
    }

    /** Those of them that are to be tried with the attempt that begins now. */
    List<String> toBeTried(Instant now) {
        return demand != null
                ? leftOut()
                : site.keepTogether() ? List.of() : history.names().dueForTry(site.names(), now);
    }

    /** These names, which were left out, are proven: the next certificate is for them, too. */
    void proven(List<String> names) {
        remember(history.with(history.names().proven(names)));
    }

    /** These names were tried, and still cannot be proven: what {@code failure} blames, or else nobody knows. */
    void triedInVain(List<String> names, IssueFailure failure, Instant now) {
        FailingNames next = history.names();
        for (String name : names) {
            String why = failure.blamed().get(name);
            List<String> one = List.of(name);
            next = why == null ? next.triedInVain(one, now) : next.failed(one, why, now);
        }
        remember(history.with(next));
    }

    /** In memory at once; on disk unless the disk refuses, which must not keep a certificate from being served. */
    private void remember(RenewalHistory next) {
        history = next;
        if (isRetired()) {
            return;
        }
        try {
            folder.write(next);
            historyUnwritten = false;
        } catch (IOException e) {
            // Written again with every sweep: one line is enough.
            LOG.atLevel(historyUnwritten ? Level.DEBUG : Level.WARN)
                    .log(
                            "{}: writing renewal.json: {}; a restart would forget the last attempt; written again every"
                                    + " minute",
                            name(),
                            DiskFailure.reason(e));
            historyUnwritten = true;
        }
    }

    // ---- what is to be done

    /** On which terms its issuers would take an order now. */
    public OrderTerms terms(Instant now) {
        return new OrderTerms(site.name(), wanted(), folder, held, history.suggestion(), ledgers, now);
    }

    /** What is to be done, as far as it depends on this site; the queue knows of what all sites have in common. */
    Decision decide(Instant now) {
        RenewalPolicy.Openings names = terms(now)::names;
        return demand != null && run == null
                ? demanded(demand.insists(), names, now)
                : orToTry(decide(names, now), now);
    }

    /** While there is nothing else to do, names that are left out are tried. */
    private Decision orToTry(Decision decision, Instant now) {
        Instant next = history.names().nextTry(site.names());
        if (!(decision instanceof Decision.Wait wait) || next == null || site.keepTogether() || issuers.isEmpty()) {
            return decision;
        }
        String issuer = issuerNames.get(0);
        Opening opening = RenewalPolicy.pause(history, issuer, now)
                .and(ledgers.of(issuer).account(Ledger.Kind.FIRST, now))
                .and(ledgers.of(issuer).names(leftOut(), Ledger.Kind.REPLACEMENT, now));
        Instant at = opening.at().isAfter(next) ? opening.at() : next;
        if (at.isAfter(now)) {
            return at.isBefore(wait.until()) ? new Decision.Wait(at, wait.reason()) : wait;
        }
        return new Decision.Renew(
                "only to see whether " + String.join(", ", toBeTried(now)) + " can be proven again",
                new IssuerChoice(List.of(issuer), false));
    }

    /** What is to be done, with all that is in the way of it. */
    public Decision plan(Instant now) {
        return decide(terms(now)::all, now);
    }

    private Decision decide(RenewalPolicy.Openings openings, Instant now) {
        Decision decision = RenewalPolicy.decide(life(now), history, issuerNames, openings, now);
        if (!(decision instanceof Decision.Renew renew)) {
            return decision;
        }
        return held.isRemoved()
                ? new Decision.Renew("its folder was removed", renew.choice())
                : held.standsInFor() != null
                        ? new Decision.Renew("the certificate after it was revoked", renew.choice())
                        : decision;
    }

    /**
     * What an operator would get who asks for an order now: that, or what the CA and its limits have against it.
     *
     * @param insists whether that does not count
     */
    public Decision demanded(boolean insists, Instant now) {
        return demanded(insists, terms(now)::all, now);
    }

    private Decision demanded(boolean insists, RenewalPolicy.Openings openings, Instant now) {
        Certificate certificate = certificate();
        RenewalPolicy.Life due = certificate == null
                ? null
                : new RenewalPolicy.Life(certificate.notBefore(), certificate.notAfter(), RenewalPolicy.AT_ONCE);
        Decision decision = insists
                ? RenewalPolicy.decide(due, history.insistent(), issuerNames, RenewalPolicy.Openings.ALWAYS, now)
                : RenewalPolicy.decide(due, history.impatient(), issuerNames, openings, now);
        IssuerChoice choice = IssuerChoice.of(decision);
        return choice == null
                ? decision
                : decision instanceof Decision.Renew
                        ? new Decision.Renew("asked for by the operator", choice.insisting(insists))
                        : new Decision.Emergency(decision.reason(), choice.insisting(insists || choice.insists()));
    }

    /** Whether something is to be done, were back-off and limits not in the way. */
    public boolean isDue(Instant now) {
        RenewalHistory unfailed = RenewalHistory.NONE.held(history.holdUntil());
        return !(RenewalPolicy.decide(life(now), unfailed, issuerNames, RenewalPolicy.Openings.ALWAYS, now)
                instanceof Decision.Wait);
    }

    /** Null where there is no certificate. */
    public RenewalPolicy.@Nullable Life life(Instant now) {
        Certificate has = certificate();
        RenewalPolicy.Life life = CertificateStatus.lifeOf(site, has, history);
        CertificateIssuer from = has == null ? null : issuer(has.issuer());
        // Whoever dates by our clock has dated it by one that was ahead: nobody takes it before its time.
        boolean isOfAnotherTime = has != null
                && from != null
                && from.goesByOurClock()
                && has.notBefore().isAfter(now);
        return life == null || (held.standsInFor() == null && !held.isRemoved() && !isOfAnotherTime)
                ? life
                : new RenewalPolicy.Life(life.notBefore(), life.notAfter(), RenewalPolicy.AT_ONCE);
    }

    CertificateStatus status(Instant now) {
        return CertificateStatus.of(site, certificate(), held.older(), history, plan(now), now)
                .notOnDisk(held.notOnDiskBecause());
    }

    public SitePlan sitePlan(Instant now) {
        RenewalPolicy.Life life = life(now);
        Decision decision = plan(now);
        // Who is asked then: the one that is preferred may be held for longer than the next one.
        IssuerChoice choice = IssuerChoice.of(decision instanceof Decision.Wait wait ? plan(wait.until()) : decision);
        if (choice == null || choice.issuers().isEmpty()) {
            choice = IssuerChoice.of(life, history, issuerNames, now);
        }
        String next = choice.issuers().stream().findFirst().orElse(null);
        return new SitePlan(
                name(),
                next,
                life == null ? null : life.dueAt().equals(RenewalPolicy.AT_ONCE) ? now : life.dueAt(),
                decision instanceof Decision.Wait wait ? wait.until() : now,
                decision.reason(),
                next == null ? List.of() : ledgers.of(next).budgets(wanted(), now));
    }
}
