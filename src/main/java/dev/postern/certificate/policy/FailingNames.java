package dev.postern.certificate.policy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The names of a site that cannot be proven, in {@code renewal.json}. One of them must not take the others with it: after a
 * while they are renewed without it, and it is tried alone from time to time until it proves again. Immutable.
 */
public record FailingNames(Map<String, Failing> byName) {
    static final FailingNames NONE = new FailingNames(Map.of());

    /** So many attempts in a row: a hiccup of the DNS or of a host is over by then. */
    static final int LEFT_OUT_AFTER = 3;

    /**
     * And for so long, while the certificate of the others lasts: time for somebody to see the warnings, and less than any
     * monitor allows before it calls somebody out of bed.
     */
    static final Duration PATIENCE = Duration.ofDays(7);

    /** How often one that is left out is tried at most: four failed validations a day are within every published limit. */
    static final Duration LEAST_PAUSE = Duration.ofHours(6);

    /** And at least, however long it has failed. */
    static final Duration LONGEST_PAUSE = Duration.ofDays(7);

    /** After a try that said nothing of the name, for the CA or the way to it failed: as long as whoever has no certificate waits. */
    private static final Duration VAIN_PAUSE = Duration.ofHours(1);

    /** In between it is tried less the longer it has failed: daily after four weeks. */
    private static final int SHARE_OF_FAILING = 28;

    public FailingNames {
        byName = Map.copyOf(byName);
    }

    /**
     * One name.
     *
     * @param since the first failure in a row
     * @param triedAt the last one
     * @param isVain whether the last try said nothing of it
     * @param leftOutSince when the others began to go without it; null where they wait for it
     * @param message of the last failure
     */
    public record Failing(
            Instant since,
            int failures,
            Instant triedAt,
            boolean isVain,
            @Nullable Instant leftOutSince,
            String message) {
        boolean isLeftOut() {
            return leftOutSince != null;
        }

        public Instant nextTry() {
            if (isVain) {
                return triedAt.plus(VAIN_PAUSE);
            }
            Duration failing = Duration.between(since, triedAt).dividedBy(SHARE_OF_FAILING);
            Duration pause = failing.compareTo(LEAST_PAUSE) < 0
                    ? LEAST_PAUSE
                    : failing.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : failing;
            return triedAt.plus(pause);
        }

        private Failing again(String why, Instant now) {
            return new Failing(since, failures + 1, now, false, leftOutSince, why);
        }

        private Failing inVain(Instant now) {
            return new Failing(since, failures, now, true, leftOutSince, message);
        }

        private Failing leftOut(Instant now) {
            return new Failing(since, failures, triedAt, isVain, now, message);
        }

        /** Dates in the future are of a clock that was wrong. */
        private Failing believable(Instant now) {
            return triedAt.isAfter(now) || since.isAfter(now)
                    ? new Failing(
                            earlier(since, now), failures, now, isVain, leftOutSince == null ? null : now, message)
                    : this;
        }

        private static Instant earlier(Instant a, Instant b) {
            return a.isBefore(b) ? a : b;
        }
    }

    @Nullable public Failing of(String name) {
        return byName.get(name);
    }

    /** An attempt failed because of these. */
    public FailingNames failed(Collection<String> names, String message, Instant now) {
        Map<String, Failing> next = new TreeMap<>(byName);
        for (String name : names) {
            next.merge(
                    name,
                    new Failing(now, 1, now, false, null, message),
                    (before, first) -> before.again(message, now));
        }
        return new FailingNames(next);
    }

    /**
     * Leaves out those that have failed for long enough; never the last ones that are not.
     *
     * @param names all of the site
     * @param urgent whether the site has nothing to serve, or soon nothing
     */
    public FailingNames leavingOut(List<String> names, boolean urgent, Instant now) {
        Map<String, Failing> next = new TreeMap<>(byName);
        for (String name : names) {
            Failing failing = byName.get(name);
            if (failing != null
                    && !failing.isLeftOut()
                    && failing.failures() >= LEFT_OUT_AFTER
                    && (urgent || !now.isBefore(failing.since().plus(PATIENCE)))) {
                next.put(name, failing.leftOut(now));
            }
        }
        FailingNames left = new FailingNames(next);
        return left.wanted(names).equals(names) ? this : left;
    }

    /** These were tried, and what came of it says nothing of them. */
    public FailingNames triedInVain(Collection<String> names, Instant now) {
        Map<String, Failing> next = new TreeMap<>(byName);
        names.forEach(name -> next.computeIfPresent(name, (key, failing) -> failing.inVain(now)));
        return new FailingNames(next);
    }

    /** These were proven; nothing is known against them any more. */
    public FailingNames proven(Collection<String> names) {
        Map<String, Failing> next = new TreeMap<>(byName);
        next.keySet().removeAll(names);
        return new FailingNames(next);
    }

    /** A certificate came: what is known of names that are not left out is of the past. */
    public FailingNames onlyLeftOut() {
        Map<String, Failing> next = new TreeMap<>(byName);
        next.values().removeIf(failing -> !failing.isLeftOut());
        return new FailingNames(next);
    }

    FailingNames believable(Instant now) {
        Map<String, Failing> next = new TreeMap<>(byName);
        next.replaceAll((name, failing) -> failing.believable(now));
        return next.equals(byName) ? this : new FailingNames(next);
    }

    private boolean isLeftOut(String name) {
        Failing failing = byName.get(name);
        return failing != null && failing.isLeftOut();
    }

    /** The names that an order is for; all of them where none would be left. */
    List<String> wanted(List<String> names) {
        List<String> wanted = names.stream().filter(name -> !isLeftOut(name)).toList();
        return wanted.isEmpty() ? names : wanted;
    }

    /** Those of the names that orders do without. */
    public List<String> leftOut(List<String> names) {
        List<String> wanted = wanted(names);
        return names.stream().filter(name -> !wanted.contains(name)).toList();
    }

    /** Those of the names that are left out and are to be tried again. */
    public List<String> dueForTry(List<String> names, Instant now) {
        return leftOut(names).stream()
                .filter(name -> {
                    Failing failing = byName.get(name);
                    return failing != null && !failing.nextTry().isAfter(now);
                })
                .toList();
    }

    /** When the next one of the names that are left out is tried; null where none is left out. */
    @Nullable public Instant nextTry(List<String> names) {
        Instant next = null;
        for (String name : leftOut(names)) {
            Failing failing = byName.get(name);
            if (failing != null && (next == null || failing.nextTry().isBefore(next))) {
                next = failing.nextTry();
            }
        }
        return next;
    }

    JsonObject toJson() {
        JsonObject json = new JsonObject();
        new TreeMap<>(byName).forEach((name, failing) -> {
            JsonObject one = new JsonObject();
            one.addProperty("since", failing.since().toString());
            one.addProperty("failures", failing.failures());
            one.addProperty("tried-at", failing.triedAt().toString());
            if (failing.isVain()) {
                one.addProperty("in-vain", true);
            }
            if (failing.leftOutSince() != null) {
                one.addProperty("left-out-since", failing.leftOutSince().toString());
            }
            one.addProperty("message", failing.message());
            json.add(name, one);
        });
        return json;
    }

    /** @param json null where the file is of a version that knew of none */
    static FailingNames parse(@Nullable JsonObject json) {
        if (json == null) {
            return NONE;
        }
        Map<String, Failing> byName = new TreeMap<>();
        json.entrySet().forEach(entry -> {
            JsonObject one = entry.getValue().getAsJsonObject();
            JsonElement left = one.get("left-out-since");
            byName.put(
                    entry.getKey(),
                    new Failing(
                            Instant.parse(one.get("since").getAsString()),
                            one.get("failures").getAsInt(),
                            Instant.parse(one.get("tried-at").getAsString()),
                            one.has("in-vain"),
                            left == null ? null : Instant.parse(left.getAsString()),
                            one.get("message").getAsString()));
        });
        return new FailingNames(byName);
    }
}
