package dev.postern.certificate.care;

import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.store.NotLeader;
import dev.postern.certificate.store.SiteStore;
import dev.postern.disk.DiskFailure;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What was tried for one site: in memory at once, in the store unless that refuses, which must not keep a certificate from
 * being served. Part of the {@link SiteState}, and used with it.
 */
final class StoredHistory {
    private static final Logger LOG = LoggerFactory.getLogger(StoredHistory.class);

    private final String site;
    private final SiteStore store;

    private RenewalHistory known = RenewalHistory.NONE;
    private boolean unwritten;
    private boolean inAnotherWay;

    StoredHistory(String site, SiteStore store) {
        this.site = site;
        this.store = store;
    }

    RenewalHistory known() {
        return known;
    }

    /** Whether the store refused it. */
    boolean isUnwritten() {
        return unwritten;
    }

    /** Reads it, unless what is known is newer. */
    void load() {
        if (!unwritten) {
            known = store.history();
        }
        if (inAnotherWay && known.last() != null) {
            write(known.forAnotherWay());
        }
        inAnotherWay = false;
    }

    /** With the next {@link #load} what has failed so far counts no more. */
    void tryInAnotherWay() {
        inAnotherWay = true;
    }

    void inherit(StoredHistory before) {
        if (before.unwritten) {
            known = before.known;
            unwritten = true;
        }
    }

    /** Not worth a write, or none of our business any more. */
    void remember(RenewalHistory next) {
        known = next;
    }

    void write(RenewalHistory next) {
        known = next;
        try {
            store.write(next);
            unwritten = false;
        } catch (NotLeader e) {
            // The store says that by itself, and an order that cannot go on as well.
            LOG.debug("{}: writing renewal.json", site, e);
            unwritten = true;
        } catch (IOException e) {
            // Written again with every sweep: one line is enough.
            LOG.atLevel(unwritten ? Level.DEBUG : Level.WARN)
                    .log(
                            "{}: writing renewal.json: {}; a restart would forget the last attempt; written again every"
                                    + " minute",
                            site,
                            DiskFailure.reason(e));
            unwritten = true;
        }
    }
}
