package dev.postern.certificate.care;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.limits.Ledger;
import dev.postern.certificate.limits.Ledgers;
import dev.postern.certificate.store.Lease;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.SiteStore;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One site that gets its certificate from an issuer: what never changes of it, and the one door to what does. The lock of
 * the site is here and nowhere else: {@link #within} hands out its {@link SiteState} to one at a time, for as long as that
 * is at work. Any thread but an event loop's, for who is within may wait for the disk.
 *
 * <p>Who is within goes to no CA, waits for no other thread, and enters no other site; but for what {@link #inherit}
 * does, from a site to its successor.
 */
public final class SiteRecord {
    private final Site site;
    private final SiteStore folder;
    private final List<CertificateIssuer> issuers;
    private final List<ChallengeSolver> solvers;
    private final Ledgers ledgers;
    private final List<String> issuerNames;
    private final Object door = new Object();

    @GuardedBy("door") private final SiteState state;

    // As it was when somebody last left.
    private volatile boolean loaded;
    private volatile boolean retired;

    /**
     * What is done with the state of a site, and found out.
     *
     * @param <T> what is found out; not the state itself
     */
    public interface Work<T extends @Nullable Object, E extends Exception> {
        T with(SiteState state) throws E;
    }

    /** What is done with the state of a site. */
    public interface Change<E extends Exception> {
        void of(SiteState state) throws E;
    }

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
        this.state = new SiteState(this, folder);
    }

    // ---- what never changes: any thread

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

    List<String> issuerNames() {
        return issuerNames;
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

    Ledgers ledgers() {
        return ledgers;
    }

    /** Of the order in flight at this issuer. Used by the run of the site, and by whoever only looks. */
    public OrderJournal journal(String issuer) {
        return folder.journal(issuer);
    }

    /** Whether {@code other} would do the same: then this one, which knows more, stays. */
    boolean isAs(SiteRecord other) {
        return site.isCertifiedAs(other.site) && issuers.equals(other.issuers);
    }

    /** Whether {@code other} asks the same issuers, and proves its names in the same way. */
    boolean isTriedAs(SiteRecord other) {
        return issuers.equals(other.issuers)
                && site.challenges().equals(other.site.challenges())
                && Objects.equals(site.dns01(), other.site.dns01());
    }

    /**
     * For as long as an order takes. Any thread.
     *
     * @throws NotLeader where another holder of the store looks after the site
     */
    Lease lead() throws NotLeader {
        return folder.lead();
    }

    // ---- what is known without waiting: any thread

    /** Whether the files were read; until then the record knows no more than the configuration. */
    boolean isLoaded() {
        return loaded;
    }

    /** Whether another record stands for the site, or none. */
    boolean isRetired() {
        return retired;
    }

    /** For who watches; waits only when it asks. */
    public ServedWatch.Subject subject() {
        return new ServedWatch.Subject(name(), site.names(), site.twin() != null, () -> within(SiteState::published));
    }

    // ---- the door

    /** Does this while nobody else does anything with the site; returns what came of it. */
    public <T extends @Nullable Object, E extends Exception> T within(Work<T, E> work) throws E {
        synchronized (door) {
            try {
                return work.with(state);
            } finally {
                // Thousands of sites are looked at every minute, and nothing of this has changed.
                if (loaded != state.isLoaded()) {
                    loaded = state.isLoaded();
                }
                if (retired != state.isRetired()) {
                    retired = state.isRetired();
                }
            }
        }
    }

    /** Does this while nobody else does anything with the site. */
    public <E extends Exception> void change(Change<E> change) throws E {
        this.<@Nullable Void, E>within(its -> {
            change.of(its);
            return null;
        });
    }

    // ---- through the door for one thing

    /** The certificate the site has, expired or not. */
    @Nullable public Certificate certificate() {
        return within(SiteState::certificate);
    }

    /** Asks to be woken, unless that was asked for already. */
    void wakeAt(Instant when, WakeUps wakeUps) {
        change(its -> its.wakeAt(when, wakeUps));
    }

    /** Takes over what its predecessor could not write; before anybody else has this one, and before it is loaded. */
    void inherit(SiteRecord before) {
        // The one place where two doors are open: a predecessor's first, then that of its successor.
        before.change(theirs -> change(its -> its.inherit(theirs)));
    }
}
