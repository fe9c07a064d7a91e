package dev.postern.certificate.policy;

import com.google.common.net.InternetDomainName;
import dev.postern.config.Addresses;
import dev.postern.config.RateLimits;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One rate limit, kept as the CAs keep theirs: the generic cell rate algorithm, whose whole state is one instant, the one
 * at which the bucket is full again ("theoretical arrival time"). So many at once, and one more after each interval.
 *
 * @param name as the CA calls it
 * @param key under which {@code Ledger} writes it
 * @param burst how many at once; a little below what is published where that is needed, for our clock is not theirs
 * @param interval after which one more is allowed
 */
public record RateLimit(String name, String key, Of of, int burst, Duration interval) {
    /** Whose a bucket is. */
    public enum Of {
        ACCOUNT,
        REGISTERED_DOMAIN,
        EXACT_SET,
        NAME
    }

    private static final String ORDERS = "new orders per account";
    private static final String DOMAINS = "certificates per registered domain";
    private static final String SETS = "certificates per exact set of names";

    private static final Duration WEEK = Duration.ofDays(7);

    /**
     * CAs allow 5 an hour (Let's Encrypt) and count each challenge that was tried: two are left for that, and for whoever
     * else asks. Kept at every CA, whatever it has published.
     */
    static final RateLimit FAILED_VALIDATIONS =
            new RateLimit("failed validations per name", "failed-validations", Of.NAME, 3, Duration.ofMinutes(20));

    /**
     * <a href="https://letsencrypt.org/docs/rate-limits/">Let's Encrypt's</a>: 300 new orders in 3 hours (10 are left: the
     * CA counts an order when it arrives, which is later than when we do), 50 certificates for a registered domain in 7
     * days (one is left, for the same reason), 5 for an exact set of names in 7 days.
     */
    private static final List<RateLimit> LETSENCRYPT = List.of(
            new RateLimit(ORDERS, "orders", Of.ACCOUNT, 290, Duration.ofHours(3).dividedBy(300)),
            new RateLimit(DOMAINS, "domains", Of.REGISTERED_DOMAIN, 49, WEEK.dividedBy(50)),
            new RateLimit(SETS, "sets", Of.EXACT_SET, 5, WEEK.dividedBy(5)),
            FAILED_VALIDATIONS);

    /** <a href="https://letsencrypt.org/docs/staging-environment/">Its staging environment's</a>. */
    private static final List<RateLimit> LETSENCRYPT_STAGING = List.of(
            new RateLimit(
                    ORDERS, "orders", Of.ACCOUNT, 1490, Duration.ofHours(3).dividedBy(1500)),
            new RateLimit(DOMAINS, "domains", Of.REGISTERED_DOMAIN, 29_990, WEEK.dividedBy(30_000)),
            new RateLimit(SETS, "sets", Of.EXACT_SET, 29_990, WEEK.dividedBy(30_000)),
            new RateLimit(
                    FAILED_VALIDATIONS.name,
                    FAILED_VALIDATIONS.key,
                    Of.NAME,
                    190,
                    Duration.ofHours(1).dividedBy(200)));

    public static List<RateLimit> of(RateLimits published) {
        return switch (published) {
            case LETSENCRYPT -> LETSENCRYPT;
            case LETSENCRYPT_STAGING -> LETSENCRYPT_STAGING;
            case NONE -> List.of(FAILED_VALIDATIONS);
        };
    }

    /** Whether it counts certificates, not requests: what was not issued does not count. */
    public boolean countsCertificates() {
        return of == Of.REGISTERED_DOMAIN || of == Of.EXACT_SET;
    }

    /** The buckets that a certificate for these names is counted in; {@code ""} is the account's. */
    public List<String> buckets(List<String> names) {
        return switch (of) {
            case ACCOUNT -> List.of("");
            case REGISTERED_DOMAIN ->
                names.stream().map(RateLimit::registeredDomain).distinct().toList();
            case EXACT_SET -> List.of(String.join(",", new TreeSet<>(names)));
            case NAME -> names;
        };
    }

    /**
     * What somebody bought from a registrar, by the <a href="https://publicsuffix.org/">public suffix list</a>: {@code
     * example.co.uk} of {@code www.example.co.uk}. The last two labels where no public suffix is known. Of an address what
     * Let's Encrypt takes for it: an IPv4 address itself, the /64 of an IPv6 address.
     */
    public static String registeredDomain(String name) {
        InetAddress address = Addresses.literal(name);
        if (address != null) {
            return address instanceof Inet6Address ? Addresses.network64(address) : name;
        }
        String host = name.startsWith("*.") ? name.substring(2) : name;
        if (InternetDomainName.isValid(host)) {
            InternetDomainName domain = InternetDomainName.from(host);
            if (domain.isUnderPublicSuffix()) {
                return domain.topPrivateDomain().toString();
            }
            if (domain.isPublicSuffix()) {
                return host;
            }
        }
        int last = host.lastIndexOf('.');
        int before = last <= 0 ? -1 : host.lastIndexOf('.', last - 1);
        return host.substring(before + 1);
    }

    // ---- the algorithm, for one bucket: full is the instant at which it is full again

    /** When one more is allowed; the past where it is now. */
    public Instant openAt(Instant full) {
        return full.minus(interval.multipliedBy(burst - 1L));
    }

    public Instant charged(Instant full, Instant now) {
        return (full.isAfter(now) ? full : now).plus(interval);
    }

    public Instant refunded(Instant full) {
        return full.minus(interval);
    }

    /** What only a clock that was wrong can have written is cut to an empty bucket. */
    public Instant believable(Instant full, Instant now) {
        Instant empty = now.plus(interval.multipliedBy(burst));
        return full.isAfter(empty) ? empty : full;
    }

    public int left(Instant full, Instant now) {
        if (!full.isAfter(now)) {
            return burst;
        }
        Duration owed = Duration.between(now, full);
        // Rounded up: what is owed in part is not there yet.
        long used = owed.plus(interval).minusNanos(1).dividedBy(interval);
        return (int) Math.max(0, burst - used);
    }

    /** When there is one more than now; null where the bucket is full. */
    @Nullable public Instant nextAt(Instant full, Instant now) {
        int left = left(full, now);
        return left >= burst ? null : full.minus(interval.multipliedBy(burst - left - 1L));
    }
}
