package dev.postern.ca.acme;

import dev.postern.ca.ServerName;
import dev.postern.ca.acme.AcmeLimits.Rate;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How full the buckets of {@link AcmeLimits} are. Part of the {@link AcmeState}, and used with it. */
final class LimitMeter {
    private final AcmeLimits limits;

    /** Bucket → when it is full again, as the generic cell rate algorithm counts: absent is full. */
    private final Map<String, Instant> full = new HashMap<>();

    private final Set<String> knownSets = new HashSet<>();
    private final Map<String, Integer> failuresInARow = new HashMap<>();
    private final Set<String> paused = new HashSet<>();

    LimitMeter(AcmeLimits limits) {
        this.limits = limits;
    }

    void checkPaused(String accountId, List<String> names, AcmeUrls urls) throws AcmeRefusal {
        List<String> stopped = names.stream()
                .filter(name -> paused.contains(pair(accountId, name)))
                .toList();
        if (!stopped.isEmpty()) {
            throw AcmeRefusal.with(
                    429,
                    Problem.of(
                            ProblemType.RATE_LIMITED,
                            "Your account is temporarily prevented from requesting certificates for "
                                    + String.join(", ", stopped) + " and possibly others. Please visit: "
                                    + urls.unpause(accountId)));
        }
    }

    /** Takes the order out of its bucket, where everything allows it. */
    void order(String accountId, List<String> names, List<String> unproven, Instant now) throws AcmeRefusal {
        for (String name : unproven) {
            check(
                    "failures " + pair(accountId, name),
                    limits.failuresPerName(),
                    "too many failed authorizations (%s) for \"" + name + "\" in the last %s",
                    now);
        }
        check(
                setKey(names),
                limits.certificatesPerSet(),
                "too many certificates (%s) already issued for this exact set of identifiers in the last %s",
                now);
        if (knownSets.contains(setKey(names))) {
            return;
        }
        for (String domain : domains(names)) {
            check(
                    "domain " + domain,
                    limits.certificatesPerDomain(),
                    "too many certificates (%s) already issued for \"" + domain + "\" in the last %s",
                    now);
        }
        String account = "orders " + accountId;
        check(account, limits.ordersPerAccount(), "too many new orders (%s) from this account in the last %s", now);
        take(account, limits.ordersPerAccount(), now);
    }

    /** @param isFree where it replaced another */
    void issued(List<String> names, boolean isFree, Instant now) {
        boolean isNew = limits.certificatesPerSet().isUnlimited() || knownSets.add(setKey(names));
        if (isFree) {
            return;
        }
        take(setKey(names), limits.certificatesPerSet(), now);
        if (isNew) {
            domains(names).forEach(domain -> take("domain " + domain, limits.certificatesPerDomain(), now));
        }
    }

    void validated(String accountId, String name, boolean isProven, Instant now) {
        String pair = pair(accountId, name);
        if (isProven) {
            failuresInARow.remove(pair);
            return;
        }
        take("failures " + pair, limits.failuresPerName(), now);
        if (failuresInARow.merge(pair, 1, Integer::sum) >= limits.pauseAfter()) {
            paused.add(pair);
        }
    }

    void pause(String accountId, String name) {
        paused.add(pair(accountId, name));
    }

    void unpause(String accountId) {
        paused.removeIf(pair -> pair.startsWith(accountId + " "));
        failuresInARow.keySet().removeIf(pair -> pair.startsWith(accountId + " "));
    }

    void sweep(Instant now) {
        full.values().removeIf(when -> !when.isAfter(now));
    }

    private void check(String bucket, Rate rate, String detail, Instant now) throws AcmeRefusal {
        if (rate.isUnlimited()) {
            return;
        }
        Instant after = later(full.get(bucket), now).plus(rate.interval());
        Duration over = Duration.between(now.plus(rate.window()), after);
        if (over.compareTo(Duration.ZERO) <= 0) {
            return;
        }
        long seconds = over.plusMillis(999).toSeconds();
        Problem problem = Problem.of(
                ProblemType.RATE_LIMITED,
                String.format(detail, rate.count(), rate.window()) + ", retry after " + now.plusSeconds(seconds));
        throw AcmeRefusal.with(AcmeReply.problem(429, problem).with("Retry-After", Long.toString(seconds)), problem);
    }

    private void take(String bucket, Rate rate, Instant now) {
        if (!rate.isUnlimited()) {
            full.put(bucket, later(full.get(bucket), now).plus(rate.interval()));
        }
    }

    private static Instant later(@Nullable Instant a, Instant b) {
        return a != null && a.isAfter(b) ? a : b;
    }

    private Set<String> domains(List<String> names) {
        return names.stream()
                .map(name -> limits.registeredDomain().apply(ServerName.isWildcard(name) ? name.substring(2) : name))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String setKey(List<String> names) {
        return "set " + String.join(",", new TreeSet<>(names));
    }

    private static String pair(String accountId, String name) {
        return accountId + " " + name;
    }
}
