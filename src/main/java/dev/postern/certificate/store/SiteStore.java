package dev.postern.certificate.store;

import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.policy.RenewalHistory;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What there is of one site: its generations, the orders in flight and the history of its attempts. It is looked up anew
 * each time, never kept as a flag that says so. Used by one thread at a time. What writes throws {@link NotLeader} where another
 * holder has the lease.
 */
public interface SiteStore extends Locker {
    Generations generations();

    /** Of which certificate of the site others were told last. */
    ToldRenewal told();

    /**
     * For who looks on: what the daemon passes over with a warning, it would have to call "no certificate".
     *
     * @throws IOException with where and the reason
     */
    void requireReadable() throws IOException;

    /** Whether the site ever had a certificate here, good or not; where that cannot be told, it counts so. */
    boolean everHadCertificate();

    /**
     * Whether somebody removed what there was of this site, and meant it: the store is there, and has others. Where it is
     * gone as a whole, or empty, a disk was not mounted, or swept.
     */
    boolean wasRemoved();

    // ---- orders in flight

    OrderJournal journal(String issuer);

    /** Forgets the orders in flight of all issuers, readable or not, and the keys in them. */
    void forgetOrders() throws IOException;

    /** Forgets this order, and no other that may have taken its place; a store that refuses is no reason to stop. */
    void forget(@Nullable OrderEntry order);

    /**
     * Where a crash came between writing a generation and making it current, makes it current: its key is the one in the
     * journal. Where the journal's certificate is current already, forgets the order.
     */
    void finishInstallation() throws IOException;

    // ---- attempts

    /**
     * The attempts so far.
     *
     * @param history none where nothing is written or what is written cannot be read
     * @param problem why it cannot be read, one line; null where it can
     */
    record Attempts(RenewalHistory history, @Nullable String problem) {}

    /** For who looks on. */
    Attempts attempts();

    /** The attempts so far; none where nothing is written or what is written cannot be read, which is said in the log. */
    RenewalHistory history();

    void write(RenewalHistory history) throws IOException;
}
