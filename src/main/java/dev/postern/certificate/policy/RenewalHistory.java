package dev.postern.certificate.policy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.config.Site;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What has been tried for a site, {@code certs/<site>/renewal.json}: it outlives the process, so that a restart begins
 * nothing from the start.
 *
 * @param pick when to renew the current generation by its life; null where none has been drawn
 * @param suggestion what its CA said of when to renew it; null where it was never asked
 * @param failures how many attempts failed in a row
 * @param failingSince the first of them; null where there is none
 * @param last the last of them; null where there is none
 * @param pauses issuer → the instant before which it does not want to hear of this site
 * @param nameFailures issuer → how often it found fault with the names since the last success
 * @param fruitless those of the failures that were not the CA's; null where there is none
 * @param holdUntil an operator went back to an older generation: until then nothing is renewed that is not urgent; null
 *     where nobody did
 * @param names those that could not be proven, which may be left out
 */
public record RenewalHistory(
        @Nullable Pick pick,
        @Nullable Suggestion suggestion,
        int failures,
        @Nullable Instant failingSince,
        @Nullable Failure last,
        Map<String, Instant> pauses,
        Map<String, Integer> nameFailures,
        @Nullable Fruitless fruitless,
        @Nullable Instant holdUntil,
        FailingNames names) {

    public static final RenewalHistory NONE = new RenewalHistory(null, null, 0, null, null, Map.of(), Map.of());

    /** After a rollback: time to find out what was wrong with the newer certificate. */
    public static final Duration HOLD = Duration.ofDays(1);

    private static final double LEAST_SPREAD = 0.9;
    private static final double MOST_SPREAD = 1.1;

    /** Drawn once per generation, which its serial identifies. */
    public record Pick(String serial, Instant at) {}

    /** @param spread what the back-off is multiplied with; drawn once, 0.9 to 1.1, so that sites do not march in step */
    public record Failure(Instant at, double spread, Fault fault, String message) {}

    /** Failures by fault of the names or of this host, since the last success. */
    record Fruitless(Instant since, int failures) {
        static Fruitless andOne(@Nullable Fruitless before, Instant at) {
            return before == null ? new Fruitless(at, 1) : new Fruitless(before.since, before.failures + 1);
        }
    }

    RenewalHistory(
            @Nullable Pick pick,
            @Nullable Suggestion suggestion,
            int failures,
            @Nullable Instant failingSince,
            @Nullable Failure last,
            Map<String, Instant> pauses,
            Map<String, Integer> nameFailures) {
        this(pick, suggestion, failures, failingSince, last, pauses, nameFailures, null, null, FailingNames.NONE);
    }

    public RenewalHistory {
        pauses = Map.copyOf(pauses);
        nameFailures = Map.copyOf(nameFailures);
    }

    public RenewalHistory picked(Pick next) {
        return new RenewalHistory(
                next, suggestion, failures, failingSince, last, pauses, nameFailures, fruitless, holdUntil, names);
    }

    public RenewalHistory held(@Nullable Instant until) {
        return new RenewalHistory(
                pick, suggestion, failures, failingSince, last, pauses, nameFailures, fruitless, until, names);
    }

    /** Until when nothing is renewed that is not urgent; the past where nothing holds. */
    public Instant heldUntil(Instant now) {
        // Further away than it is ever set: by a clock that was wrong then.
        return holdUntil == null || holdUntil.isAfter(now.plus(HOLD)) ? Instant.MIN : holdUntil;
    }

    /** The same without what we would wait for of our own accord. */
    public RenewalHistory impatient() {
        return new RenewalHistory(
                pick, suggestion, failures, failingSince, null, pauses, nameFailures, fruitless, null, names);
    }

    /** The same without what the CAs asked us to wait for, either. */
    public RenewalHistory insistent() {
        return new RenewalHistory(
                pick, suggestion, failures, failingSince, null, Map.of(), nameFailures, fruitless, null, names);
    }

    public RenewalHistory suggested(@Nullable Suggestion next) {
        return new RenewalHistory(
                pick, next, failures, failingSince, last, pauses, nameFailures, fruitless, holdUntil, names);
    }

    /** @param blaming the issuers that found fault with the names */
    public RenewalHistory failed(Failure failure, Map<String, Instant> pausedNow, Collection<String> blaming) {
        Map<String, Instant> paused = new HashMap<>(pauses);
        paused.values().removeIf(until -> !until.isAfter(failure.at()));
        Instant longest = failure.at().plus(RenewalPolicy.LONGEST_PAUSE);
        pausedNow.forEach((issuer, until) -> paused.put(issuer, until.isAfter(longest) ? longest : until));
        Map<String, Integer> blamed = new HashMap<>(nameFailures);
        blaming.forEach(issuer -> blamed.merge(issuer, 1, Integer::sum));
        Instant since = failingSince == null ? failure.at() : failingSince;
        Fruitless ours = failure.fault() == Fault.CA ? fruitless : Fruitless.andOne(fruitless, failure.at());
        return new RenewalHistory(
                pick, suggestion, failures + 1, since, failure, paused, blamed, ours, holdUntil, names);
    }

    /**
     * Where the last failure is in the future, the clock was wrong then or is now: it counts as of now, so that its
     * back-off is neither endless nor forgotten.
     */
    public RenewalHistory believable(Instant now) {
        FailingNames then = names.believable(now);
        if (last == null || !last.at().isAfter(now)) {
            return with(then);
        }
        Failure moved = new Failure(now, last.spread(), last.fault(), last.message());
        Instant since = failingSince == null || failingSince.isAfter(now) ? now : failingSince;
        return new RenewalHistory(
                pick, suggestion, failures, since, moved, pauses, nameFailures, fruitless, holdUntil, then);
    }

    /** The same, and this is known of the names. */
    public RenewalHistory with(FailingNames next) {
        return next.equals(names)
                ? this
                : new RenewalHistory(
                        pick,
                        suggestion,
                        failures,
                        failingSince,
                        last,
                        pauses,
                        nameFailures,
                        fruitless,
                        holdUntil,
                        next);
    }

    /** What comes next is an order for other names than before, of which nothing has failed yet. */
    public RenewalHistory forOtherNames(FailingNames next) {
        return new RenewalHistory(pick, suggestion, 0, null, last, pauses, Map.of(), null, holdUntil, next);
    }

    /** What comes next is tried in another way than before: what has failed so far says nothing of it. */
    public RenewalHistory forAnotherWay() {
        return new RenewalHistory(pick, suggestion, 0, null, null, pauses, Map.of(), null, holdUntil, names);
    }

    /** The names of the site that an order is for. */
    public List<String> wanted(Site site) {
        return site.keepTogether() ? site.names() : names.wanted(site.names());
    }

    /** How long attempts have been failing; zero where the last one did not. */
    public Duration failingFor(Instant now) {
        return failingSince == null || failingSince.isAfter(now) ? Duration.ZERO : Duration.between(failingSince, now);
    }

    public JsonObject toJson() {
        JsonObject json = new JsonObject();
        if (pick != null) {
            JsonObject at = new JsonObject();
            at.addProperty("serial", pick.serial());
            at.addProperty("at", pick.at().toString());
            json.add("pick", at);
        }
        if (suggestion != null) {
            json.add("suggestion", suggestion.toJson());
        }
        json.addProperty("failures", failures);
        if (failingSince != null) {
            json.addProperty("failing-since", failingSince.toString());
        }
        if (last != null) {
            JsonObject failure = new JsonObject();
            failure.addProperty("at", last.at().toString());
            failure.addProperty("spread", last.spread());
            failure.addProperty("fault", last.fault().name().toLowerCase(Locale.ROOT));
            failure.addProperty("message", last.message());
            json.add("last-failure", failure);
        }
        if (fruitless != null) {
            JsonObject own = new JsonObject();
            own.addProperty("since", fruitless.since().toString());
            own.addProperty("failures", fruitless.failures());
            json.add("fruitless", own);
        }
        JsonObject paused = new JsonObject();
        new TreeMap<>(pauses).forEach((issuer, until) -> paused.addProperty(issuer, until.toString()));
        json.add("pauses", paused);
        JsonObject blamed = new JsonObject();
        new TreeMap<>(nameFailures).forEach(blamed::addProperty);
        json.add("name-failures", blamed);
        if (holdUntil != null) {
            json.addProperty("hold-until", holdUntil.toString());
        }
        if (!names.equals(FailingNames.NONE)) {
            json.add("names", names.toJson());
        }
        return json;
    }

    /** @throws RuntimeException where the text is not what {@link #toJson} makes */
    public static RenewalHistory parse(JsonObject json) {
        RenewalHistory history = read(json);
        double spread = history.last == null ? 1 : history.last.spread();
        // Not a number is in no range.
        if (!(spread >= LEAST_SPREAD && spread <= MOST_SPREAD)) {
            throw new IllegalArgumentException("last-failure.spread: " + spread + " (expected: 0.9 to 1.1)");
        }
        return history;
    }

    private static RenewalHistory read(JsonObject json) {
        JsonObject pick = json.getAsJsonObject("pick");
        JsonObject suggestion = json.getAsJsonObject("suggestion");
        JsonElement since = json.get("failing-since");
        JsonObject last = json.getAsJsonObject("last-failure");
        JsonElement hold = json.get("hold-until");
        Map<String, Instant> pauses = new HashMap<>();
        json.getAsJsonObject("pauses")
                .entrySet()
                .forEach(pause -> pauses.put(
                        pause.getKey(), Instant.parse(pause.getValue().getAsString())));
        JsonObject fruitless = json.getAsJsonObject("fruitless");
        Map<String, Integer> blamed = new HashMap<>();
        json.getAsJsonObject("name-failures")
                .entrySet()
                .forEach(count -> blamed.put(count.getKey(), count.getValue().getAsInt()));
        return new RenewalHistory(
                pick == null
                        ? null
                        : new Pick(
                                pick.get("serial").getAsString(),
                                Instant.parse(pick.get("at").getAsString())),
                suggestion == null ? null : Suggestion.parse(suggestion),
                json.get("failures").getAsInt(),
                since == null ? null : Instant.parse(since.getAsString()),
                last == null
                        ? null
                        : new Failure(
                                Instant.parse(last.get("at").getAsString()),
                                last.get("spread").getAsDouble(),
                                Fault.valueOf(last.get("fault").getAsString().toUpperCase(Locale.ROOT)),
                                last.get("message").getAsString()),
                pauses,
                blamed,
                fruitless == null
                        ? null
                        : new Fruitless(
                                Instant.parse(fruitless.get("since").getAsString()),
                                fruitless.get("failures").getAsInt()),
                hold == null ? null : Instant.parse(hold.getAsString()),
                FailingNames.parse(json.getAsJsonObject("names")));
    }
}
