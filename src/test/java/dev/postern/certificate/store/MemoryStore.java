package dev.postern.certificate.store;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A store that several holders have open at once, as those of several hosts would: its leases run out by its own clock. In
 * memory, and without any file. Used by one thread.
 */
final class MemoryStore implements Store {
    /** What is wrong with it, for the witnesses of the contract. */
    enum Defect {
        /** What a token forbids is written all the same. */
        TOKEN_FORGOTTEN,
        TOKEN_STAYS_THE_SAME,
        EVERYBODY_LEADS,
        LEASE_NEVER_ENDS,
        NOTHING_IS_LEFT_AFTER_A_RESTART,
        ANY_ORDER_IS_CLEARED,
        CRASH_IS_NOT_MADE_GOOD,
        ANY_TOKEN_IS_TAKEN,
        WHAT_IS_OVER_IS_FOUND,
        CHALLENGE_STAYS
    }

    /** Of a lease, unless it is taken again. */
    static final Duration TERM = Duration.ofSeconds(30);

    /** What the holders share. */
    static final class Place {
        private final InstantSource clock;
        private final Set<Defect> defects;
        private final Map<String, Tenure> tenures = new HashMap<>();
        private final Map<String, MemorySite> sites = new HashMap<>();
        private final Map<String, MemoryAccount.Content> accounts = new HashMap<>();
        private final Map<String, OpenChallenge> challenges = new HashMap<>();
        private final Set<MemoryStore> open = new HashSet<>();
        private long tokens;
        private @Nullable ProbeKey probeKey;
        private byte @Nullable [] stickySecret;

        Place(InstantSource clock, Set<Defect> defects) {
            this.clock = clock;
            this.defects = defects;
        }

        void crashBeforeCurrent(String site) {
            Objects.requireNonNull(sites.get(site)).crashBeforeCurrent();
        }

        private long nextToken() {
            tokens = has(Defect.TOKEN_STAYS_THE_SAME) ? 1 : tokens + 1;
            return tokens;
        }

        boolean has(Defect defect) {
            return defects.contains(defect);
        }
    }

    /** Who has a lease, or had it last. */
    private record Tenure(MemoryStore holder, long token, Instant until) {}

    private final Place place;
    // Subject → the token that this holder writes with.
    private final Map<String, Long> tokens = new HashMap<>();
    private boolean writable;

    MemoryStore(Place place) {
        this.place = place;
    }

    @Override
    public String describe() {
        return "memory";
    }

    @Override
    public boolean exists() {
        return place.tokens > 0;
    }

    @Override
    public boolean isWritable() {
        return writable;
    }

    @Override
    public void openToWrite() {
        writable = true;
        place.open.add(this);
    }

    @Override
    public boolean isInUse() {
        return !place.open.isEmpty();
    }

    @Override
    public void requireReadable() {}

    @Override
    public void lookAfter(Instant now) {}

    // ---- leases

    Lease lead(String subject) throws NotLeader {
        requireOpen();
        Tenure before = place.tenures.get(subject);
        Instant now = place.clock.instant();
        if (before != null && (before.holder != this || !tokens.containsKey(subject))) {
            boolean hasEnded = !now.isBefore(before.until) && !place.has(Defect.LEASE_NEVER_ENDS);
            if (!hasEnded && !place.has(Defect.EVERYBODY_LEADS)) {
                throw new NotLeader(subject + ": led by another one until " + before.until);
            }
            before = null;
        }
        long token = before == null ? place.nextToken() : before.token;
        place.tenures.put(subject, new Tenure(this, token, now.plus(TERM)));
        tokens.put(subject, token);
        return new Held(subject, token);
    }

    private final class Held implements Lease {
        private final String subject;
        private final long token;

        private Held(String subject, long token) {
            this.subject = subject;
            this.token = token;
        }

        @Override
        public long token() {
            return token;
        }

        @Override
        public void require() throws NotLeader {
            requireNewest(subject, token);
        }

        @Override
        public void close() {
            tokens.remove(subject, token);
            place.tenures.computeIfPresent(
                    subject, (key, last) -> last.token == token ? new Tenure(last.holder, token, Instant.MIN) : last);
        }
    }

    void requireOpen() throws NotLeader {
        if (!writable) {
            throw new NotLeader("memory: is only read");
        }
    }

    private void requireNewest(String subject, long token) throws NotLeader {
        requireOpen();
        Tenure last = place.tenures.get(subject);
        if (last == null || last.holder != this || last.token != token) {
            throw new NotLeader(subject + ": led by another one");
        }
    }

    /** In front of each write: with the token of the lease that there is, or of one for this write. */
    void writes(String subject) throws NotLeader {
        Long token = tokens.get(subject);
        if (token == null) {
            lead(subject).close();
        } else if (!place.has(Defect.TOKEN_FORGOTTEN)) {
            requireNewest(subject, token);
        }
    }

    // ---- what there is

    @Override
    public SiteStore site(String site) {
        return place.sites
                .computeIfAbsent(site, name -> new MemorySite(name, place))
                .of(this);
    }

    @Override
    public AccountStore account(String issuer) {
        return new MemoryAccount(
                issuer, this, place.accounts.computeIfAbsent(issuer, name -> new MemoryAccount.Content()));
    }

    @Override
    public OpenChallenges challenges() {
        return new MemoryChallenges(this, place, place.challenges);
    }

    @Override
    public ProbeKey probeKey(RandomGenerator random) {
        ProbeKey key = Optional.ofNullable(place.probeKey).orElseGet(() -> ProbeKey.make(random));
        keep(key);
        return key;
    }

    @Override
    public void keep(ProbeKey key) {
        if (writable) {
            place.probeKey = key;
        }
    }

    @Override
    public boolean hasStickySecret() {
        return place.stickySecret != null;
    }

    @Override
    public byte[] stickySecret(RandomGenerator random) {
        if (place.stickySecret == null) {
            place.stickySecret = new byte[32];
            random.nextBytes(place.stickySecret);
        }
        return place.stickySecret.clone();
    }

    @Override
    public void close() {
        writable = false;
        place.open.remove(this);
        Map.copyOf(tokens).forEach((subject, token) -> new Held(subject, token).close());
        tokens.clear();
        if (place.has(Defect.NOTHING_IS_LEFT_AFTER_A_RESTART)) {
            place.sites.clear();
            place.accounts.clear();
            place.challenges.clear();
        }
    }
}
