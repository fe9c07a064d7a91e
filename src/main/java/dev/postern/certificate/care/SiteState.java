package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.policy.FailedAttempt;
import dev.postern.certificate.policy.FailingNames;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.policy.Suggestion;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Generation;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.SiteStore;
import dev.postern.config.Site;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is known of one site that gets its certificate from an issuer, and what was tried. There is no lock in it: whoever
 * has one came in by the {@linkplain SiteRecord#within door} of the record, and nobody else does meanwhile. It waits for
 * the disk; it is not to be taken outside.
 */
public final class SiteState {
    private static final Logger LOG = LoggerFactory.getLogger(SiteState.class);

    private final SiteRecord record;
    private final Site site;
    private final SiteStore folder;
    private final SiteCertificate held;
    private final StoredHistory stored;
    private final Publication publication;

    private boolean loaded;
    private @Nullable Attempt run;
    private @Nullable Demand demand;
    private @Nullable Instant wish;
    private @Nullable Instant lateSince;
    private boolean begun;

    SiteState(SiteRecord record, SiteStore folder) {
        this.record = record;
        this.site = record.site();
        this.folder = folder;
        this.held = new SiteCertificate(site.name(), site.names(), folder);
        this.stored = new StoredHistory(site.name(), folder);
        this.publication = new Publication(site);
    }

    /** What never changes. */
    public SiteRecord record() {
        return record;
    }

    public String name() {
        return site.name();
    }

    public Site site() {
        return site;
    }

    /** Whether the files were read; until then it knows no more than the configuration. */
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

    Publication publication() {
        return publication;
    }

    /** The certificate that is served; null where none is. */
    @Nullable Certificate published() {
        return publication.isPublished() ? certificate() : null;
    }

    /** What is shown now for names that its certificate lacks. */
    public Map<String, Generation> lent() {
        return publication.lent();
    }

    /** Whether another record stands for the site, or none. */
    boolean isRetired() {
        return publication.isRetired();
    }

    /** Derives everything from the files, anew; asks no network. */
    void load(Instant now) {
        held.load(now);
        stored.load();
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
     * @throws NotLeader where another holder of the store looks after the site: nothing of it is kept
     */
    void install(Certificate certificate, @Nullable OrderEntry by, Instant now, RandomGenerator random)
            throws NotLeader {
        held.install(certificate, by, now);
        stored.remember(RenewalHistory.NONE.with(history().names().onlyLeftOut()));
        Instant at = RenewalPolicy.pick(certificate.notBefore(), certificate.notAfter(), random);
        // By the CA's clock or ours it may be due already: one order after the other would bring the same again.
        pick(certificate, at.isAfter(now) ? at : RenewalPolicy.pick(now, certificate.notAfter(), random));
    }

    /** Writes what could not be written when it came. */
    public void save(Instant now) {
        if (held.save(now) || stored.isUnwritten()) {
            remember(history());
        }
    }

    /** Sees to it that the disk still has what is served. */
    void keepStored(Instant now) {
        if (!loaded || run != null || isRetired()) {
            return;
        }
        boolean before = held.isRemoved();
        if (held.keepStored(now)) {
            remember(history());
        } else if (held.isRemoved() && !before) {
            // With the folder went what was tried: the operator begins anew. Nothing of it is written again.
            stored.remember(RenewalHistory.NONE);
        }
    }

    /** Its predecessor tried in another way, with what an operator has mended maybe: nothing waits for that; before {@link #load}. */
    void tryInAnotherWay() {
        stored.tryInAnotherWay();
    }

    /** Takes over what its predecessor could not write; before {@link #load}. */
    void inherit(SiteState before) {
        held.inherit(before.held);
        stored.inherit(before.stored);
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
        remember(history().held(now.plus(RenewalHistory.HOLD)));
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
        // An order that runs is writing there.
        if (!loaded || run != null) {
            return;
        }
        try {
            held.cleanUp(now);
        } catch (IOException e) {
            LOG.warn("{}: cleaning up: {}; done again the next time", name(), DiskFailure.reason(e));
        }
    }

    // ---- its attempts

    public RenewalHistory history() {
        return stored.known();
    }

    /** The attempt in flight; null where there is none. */
    @Nullable public Attempt run() {
        return run;
    }

    void begun(Attempt next) {
        run = next;
    }

    /** The attempt is over, if it is the one in flight; who waited for it is to be told. */
    Optional<Demand> ended(Attempt over) {
        if (!Objects.equals(run, over)) {
            return Optional.empty();
        }
        run = null;
        return takeDemand();
    }

    /** Who waits for an order; null where nobody does. */
    @Nullable public Demand demand() {
        return demand;
    }

    /** Somebody waits for an order, maybe as others do already. */
    public Demand demanded() {
        Demand before = demand;
        Demand now = before == null ? new Demand() : before;
        demand = now;
        return now;
    }

    /** From now on nobody waits. Who did is to be told. */
    public Optional<Demand> takeDemand() {
        Demand before = demand;
        demand = null;
        return Optional.ofNullable(before);
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
        RenewalHistory believable = history().believable(now);
        if (!believable.equals(history())) {
            remember(believable);
        }
    }

    /** On which terms its issuers would take an order now. */
    OrderTerms terms(Instant now) {
        return new OrderTerms(site.name(), wanted(), folder, held, history().suggestion(), record.ledgers(), now);
    }

    /** Since when its renewal is late, as far as that was told; null where it is not. */
    @Nullable Instant lateSince() {
        return lateSince;
    }

    void lateSince(@Nullable Instant since) {
        lateSince = since;
    }

    /** Whether the care of it begins with this call. */
    boolean begins() {
        boolean first = !begun;
        begun = true;
        return first;
    }

    /** Draws when to renew, once for each generation. */
    void drawPick(RandomGenerator random) {
        Certificate certificate = certificate();
        RenewalHistory.Pick pick = history().pick();
        if (certificate != null && (pick == null || !pick.serial().equals(certificate.serialText()))) {
            pick(certificate, RenewalPolicy.pick(certificate.notBefore(), certificate.notAfter(), random));
        }
    }

    private void pick(Certificate certificate, Instant at) {
        remember(history().picked(new RenewalHistory.Pick(certificate.serialText(), at)));
    }

    /** @param lasting whether it is worth a write */
    void suggested(Suggestion next, boolean lasting) {
        if (lasting) {
            remember(history().suggested(next));
        } else {
            stored.remember(history().suggested(next));
        }
    }

    /** @param spread of the back-off */
    void failed(FailedAttempt attempt, double spread, Instant now) {
        IssueFailure failure = attempt.failure();
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        RenewalHistory next = history()
                .failed(
                        new RenewalHistory.Failure(now, spread, failure.fault(), message),
                        attempt.pauses(),
                        attempt.blaming());
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
        return history().wanted(site);
    }

    /** The names of the site that its certificate does without, because they cannot be proven. */
    public List<String> leftOut() {
        return site.keepTogether() ? List.of() : history().names().leftOut(site.names());
    }

    /** Those of them that are to be tried with the attempt that begins now. */
    List<String> toBeTried(Instant now) {
        return demand != null
                ? leftOut()
                : site.keepTogether() ? List.of() : history().names().dueForTry(site.names(), now);
    }

    /** These names, which were left out, are proven: the next certificate is for them, too. */
    void proven(List<String> names) {
        remember(history().with(history().names().proven(names)));
    }

    /**
     * These names were tried, and still cannot be proven: what {@code failure} blames, or else nobody knows.
     *
     * @return what is known now of names that fail
     */
    FailingNames triedInVain(List<String> names, IssueFailure failure, Instant now) {
        FailingNames next = history().names();
        for (String name : names) {
            String why = failure.blamed().get(name);
            List<String> one = List.of(name);
            next = why == null ? next.triedInVain(one, now) : next.failed(one, why, now);
        }
        remember(history().with(next));
        return next;
    }

    private void remember(RenewalHistory next) {
        if (isRetired()) {
            stored.remember(next);
        } else {
            stored.write(next);
        }
    }

    /** Null where there is no certificate. */
    public RenewalPolicy.@Nullable Life life(Instant now) {
        Certificate has = certificate();
        RenewalPolicy.Life life = CertificateStatus.lifeOf(site, has, history());
        CertificateIssuer from = has == null ? null : record.issuer(has.issuer());
        // Whoever dates by our clock has dated it by one that was ahead: nobody takes it before its time.
        boolean isOfAnotherTime = has != null
                && from != null
                && from.goesByOurClock()
                && has.notBefore().isAfter(now);
        return life == null || (held.standsInFor() == null && !held.isRemoved() && !isOfAnotherTime)
                ? life
                : new RenewalPolicy.Life(life.notBefore(), life.notAfter(), RenewalPolicy.AT_ONCE);
    }
}
