package dev.postern.certificate.limits;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.issuer.IssueFailure.Hold;
import dev.postern.certificate.limits.Buckets.Bucket;
import dev.postern.certificate.policy.Opening;
import dev.postern.certificate.policy.RateLimit;
import dev.postern.certificate.policy.RenewalPolicy;
import dev.postern.certificate.policy.SitePlan.Budget;
import dev.postern.config.RateLimits;
import dev.postern.time.TimeText;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What we have used of the rate limits of one account, {@code certs/accounts/<issuer>/ledger.json}, and until when the CA
 * wants to hear nothing from it: so that nothing is sent that would surely be refused. Safe for several threads; each
 * change is on disk when the method returns, unless the disk refuses, which must not keep a site from its certificate.
 *
 * <p>Who changes it waits for the disk with no lock of the ledger held: who only asks, as the queue and the sites do
 * with their own held, never waits for it, and knows of a change before the disk does.
 */
public final class Ledger {
    private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);

    /** What an order is to the limits of a CA. */
    public enum Kind {
        /** Names that the CA has not certified together before. */
        FIRST,

        /** The names of the certificate there is: does not count for the registered domain. */
        RENEWAL,

        /**
         * The CA suggested when, and is told which certificate is replaced: counts against nothing, if it takes it so
         * (<a href="https://letsencrypt.org/docs/rate-limits/">Let's Encrypt</a>).
         */
        REPLACEMENT
    }

    private final String issuer;
    private final List<RateLimit> limits;
    private final StoredLedger file;

    @GuardedBy("this") private final Buckets buckets = new Buckets();

    @GuardedBy("this") private Instant heldUntil = Instant.MIN;

    @GuardedBy("this") private Instant ordersHeldUntil = Instant.MIN;

    @GuardedBy("this") private boolean loaded;

    Ledger(String issuer, RateLimits published, StoredLedger file) {
        this.issuer = issuer;
        this.limits = RateLimit.of(published);
        this.file = file;
    }

    /** Whether it keeps to any limits. */
    public boolean isLimited() {
        return !limits.isEmpty();
    }

    /** Whether these are the limits that it keeps to. */
    boolean isKeptTo(RateLimits published) {
        return limits.equals(RateLimit.of(published));
    }

    public Opening account(Kind kind, Instant now) {
        return account(kind, 0, now);
    }

    /**
     * Whether the account may send any order at all: the CA's own word, and its limit on orders.
     *
     * @param coming orders that are about to be sent, and not charged yet
     */
    public synchronized Opening account(Kind kind, int coming, Instant now) {
        load();
        Opening opening = held(now);
        if (kind != Kind.REPLACEMENT) {
            opening = opening.and(ordersHeld(now));
            for (RateLimit limit : limits) {
                if (limit.of() == RateLimit.Of.ACCOUNT) {
                    Bucket bucket = new Bucket(limit, "");
                    opening = opening.and(opening(bucket, buckets.used(bucket, coming, now), now));
                }
            }
        }
        return opening;
    }

    /** Whether a certificate for these names may be ordered, as far as it depends on the names. */
    public synchronized Opening names(List<String> names, Kind kind, Instant now) {
        load();
        Opening opening = Opening.NOW;
        for (RateLimit limit : limits) {
            if (limit.of() == RateLimit.Of.NAME || (limit.countsCertificates() && counts(limit, kind))) {
                for (String of : limit.buckets(names)) {
                    Bucket bucket = new Bucket(limit, of);
                    opening = opening.and(opening(bucket, buckets.used(bucket, now), now));
                }
            }
        }
        return opening;
    }

    private static boolean counts(RateLimit limit, Kind kind) {
        return switch (kind) {
            case FIRST -> true;
            case RENEWAL -> limit.of() != RateLimit.Of.REGISTERED_DOMAIN;
            case REPLACEMENT -> false;
        };
    }

    private Opening opening(Bucket bucket, Instant used, Instant now) {
        Instant at = bucket.limit().openAt(used);
        return at.isAfter(now)
                ? new Opening(
                        at,
                        issuer + ": " + bucket.limit().name()
                                + (bucket.of().isEmpty() ? "" : " (" + bucket.of() + ")") + ": "
                                + bucket.limit().burst() + " used, one more every "
                                + TimeText.of(bucket.limit().interval()))
                : Opening.NOW;
    }

    /** The CA wants to hear nothing before {@code until}, from whom {@code whom} says; of a site alone, others remember it. */
    public void hold(Hold whom, Instant until, Instant now) {
        if (whom == Hold.SITE) {
            return;
        }
        Instant cut = cut(until, now);
        synchronized (this) {
            load();
            boolean orders = whom == Hold.ORDERS;
            if (!cut.isAfter((orders ? ordersHeld(now) : held(now)).at())) {
                return;
            }
            if (orders) {
                ordersHeldUntil = cut;
            } else {
                heldUntil = cut;
            }
        }
        save(now);
        LOG.warn(
                "{}: the CA asks our account to {} until {}; no site is sent there{}",
                issuer,
                whom == Hold.ORDERS ? "send no new order" : "stay away",
                TimeText.at(cut),
                whom == Hold.ORDERS ? ", but for renewals that it suggested itself" : "");
    }

    private static Instant cut(Instant until, Instant now) {
        Instant longest = now.plus(RenewalPolicy.LONGEST_PAUSE);
        return until.isAfter(longest) ? longest : until;
    }

    synchronized Opening held(Instant now) {
        load();
        heldUntil = believable(heldUntil, now);
        return heldUntil.isAfter(now)
                ? new Opening(heldUntil, issuer + ": the CA asked our account to stay away")
                : Opening.NOW;
    }

    @GuardedBy("this") private Opening ordersHeld(Instant now) {
        ordersHeldUntil = believable(ordersHeldUntil, now);
        return ordersHeldUntil.isAfter(now)
                ? new Opening(ordersHeldUntil, issuer + ": the CA asked our account to send no new order")
                : Opening.NOW;
    }

    /** Further away than it is ever set: by a clock that was wrong then. */
    private static Instant believable(Instant until, Instant now) {
        return until.isAfter(now.plus(RenewalPolicy.LONGEST_PAUSE)) ? Instant.MIN : until;
    }

    /** Validations of these names failed; a name counts as often as it is listed. */
    public void failedValidations(List<String> names, Instant now) {
        List<Bucket> failed = limits.stream()
                .filter(limit -> limit.of() == RateLimit.Of.NAME)
                .flatMap(limit -> names.stream().map(name -> new Bucket(limit, name)))
                .toList();
        if (failed.isEmpty()) {
            return;
        }
        synchronized (this) {
            load();
            failed.forEach(bucket -> buckets.charge(bucket, now));
        }
        save(now);
    }

    /** Takes the place of one certificate in the buckets of these names. {@link Charge#end} gives back what is not used. */
    public synchronized Charge charge(List<String> names, Kind kind, Instant now) {
        load();
        List<Bucket> account = new ArrayList<>();
        List<Bucket> certificates = new ArrayList<>();
        for (RateLimit limit : limits) {
            // Should the CA not take a replacement for one, it is a renewal.
            boolean renewal = kind != Kind.FIRST && limit.of() == RateLimit.Of.REGISTERED_DOMAIN;
            if (limit.of() != RateLimit.Of.NAME && !renewal) {
                List<Bucket> kinds = limit.countsCertificates() ? certificates : account;
                limit.buckets(names).forEach(of -> kinds.add(new Bucket(limit, of)));
            }
        }
        certificates.forEach(buckets::reserve);
        return new Charge(account, certificates);
    }

    /** What one attempt takes of the limits. Used by one thread, and by whoever gives the attempt up. */
    public final class Charge {
        private final List<Bucket> account;
        private final List<Bucket> certificates;
        private int orders;
        private boolean reserving = true;
        private boolean counted;

        private Charge(List<Bucket> account, List<Bucket> certificates) {
            this.account = account;
            this.certificates = certificates;
        }

        /** An order is sent; that counts whatever comes of it, and so will its certificate, whatever was counted before. */
        void order(Instant now) {
            synchronized (Ledger.this) {
                counted = false;
                reserve();
                account.forEach(bucket -> buckets.charge(bucket, now));
                orders++;
            }
            if (!account.isEmpty()) {
                save(now);
            }
        }

        /** The order is finalized: from now on the certificate counts, also after a crash. */
        public void certificate(Instant now) {
            synchronized (Ledger.this) {
                if (counted) {
                    return;
                }
                release();
                counted = true;
                certificates.forEach(bucket -> buckets.charge(bucket, now));
            }
            if (!certificates.isEmpty()) {
                save(now);
            }
        }

        /** The order is of an earlier attempt, and its certificate was counted then. */
        void alreadyCounted() {
            synchronized (Ledger.this) {
                release();
                counted = true;
            }
        }

        /** The order can never succeed: there is no certificate to count. */
        void orderIsDead(Instant now) {
            boolean refunded;
            synchronized (Ledger.this) {
                refunded = refundCertificate();
            }
            if (refunded) {
                save(now);
            }
        }

        /** The CA took the certificate as a replacement: nothing of it counts. */
        public void replaced(Instant now) {
            synchronized (Ledger.this) {
                boolean unused = refundCertificate();
                for (; orders > 0; orders--) {
                    account.forEach(buckets::refund);
                }
            }
            save(now);
        }

        /** Whether there was something to refund. */
        @GuardedBy("Ledger.this") private boolean refundCertificate() {
            if (!counted) {
                return false;
            }
            counted = false;
            reserve();
            certificates.forEach(buckets::refund);
            return !certificates.isEmpty();
        }

        /** The attempt is over, well or not. */
        public void end() {
            synchronized (Ledger.this) {
                release();
            }
        }

        @GuardedBy("Ledger.this") private void release() {
            if (reserving) {
                reserving = false;
                certificates.forEach(buckets::release);
            }
        }

        @GuardedBy("Ledger.this") private void reserve() {
            if (!reserving) {
                reserving = true;
                certificates.forEach(buckets::reserve);
            }
        }
    }

    /** What is left for a site of these names. */
    public synchronized List<Budget> budgets(List<String> names, Instant now) {
        load();
        List<Budget> budgets = new ArrayList<>();
        for (RateLimit limit : limits) {
            for (String of : limit.buckets(names)) {
                Instant used = buckets.used(new Bucket(limit, of), now);
                budgets.add(
                        new Budget(limit.name(), of, limit.left(used, now), limit.burst(), limit.nextAt(used, now)));
            }
        }
        return budgets;
    }

    // ---- the file

    /** Once, at the first question: the only time that who asks may wait for the disk. */
    @GuardedBy("this") private void load() {
        if (!loaded) {
            loaded = true;
            StoredLedger.Content content = file.read(limits);
            heldUntil = content.heldUntil();
            ordersHeldUntil = content.ordersHeldUntil();
            content.full().forEach(buckets::learn);
        }
    }

    /** Writes what could not be written when it came. Called without the monitor. */
    void saveUnwritten(Instant now) {
        if (file.isUnwritten()) {
            save(now);
        }
    }

    /**
     * Takes over what the ledger of the same account knows, on disk or not: before this one is asked for anything. The
     * file alone would do, were it not for a disk that refuses.
     */
    void inherit(Ledger before) {
        StoredLedger.Content known = before.known();
        if (before.file.isUnwritten()) {
            file.markUnwritten();
        }
        synchronized (this) {
            load();
            heldUntil = later(heldUntil, known.heldUntil());
            ordersHeldUntil = later(ordersHeldUntil, known.ordersHeldUntil());
            known.full().forEach((bucket, at) -> {
                if (limits.contains(bucket.limit())) {
                    buckets.learn(bucket, at);
                }
            });
        }
    }

    private synchronized StoredLedger.Content known() {
        load();
        return new StoredLedger.Content(heldUntil, ordersHeldUntil, buckets.full());
    }

    /** Called without the monitor. */
    private void save(Instant now) {
        file.write(() -> content(now));
    }

    private synchronized StoredLedger.Content content(Instant now) {
        buckets.forget(now);
        return new StoredLedger.Content(held(now).at(), ordersHeld(now).at(), buckets.full());
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }
}
