package dev.postern.certificate;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.certificate.IssueFailure.Fault;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What has been tried for a site, {@code certs/<site>/renewal.json}: it outlives the process, so that a restart begins
 * nothing from the start.
 *
 * @param pick when to renew the current generation; null where none has been drawn
 * @param failures how many attempts failed in a row
 * @param last the last failed attempt; null after a success
 * @param pauses issuer → the instant before which it does not want to hear of this site
 * @param nameFailures when the CA found fault with the names, during the last hour
 */
record RenewalHistory(
        @Nullable Pick pick,
        int failures,
        @Nullable Failure last,
        Map<String, Instant> pauses,
        List<Instant> nameFailures) {

    static final RenewalHistory NONE = new RenewalHistory(null, 0, null, Map.of(), List.of());

    /** The period of the CAs' limit on failed validations. */
    static final Duration NAME_FAILURE_WINDOW = Duration.ofHours(1);

    private static final double LEAST_SPREAD = 0.9;
    private static final double MOST_SPREAD = 1.1;

    /** Drawn once per generation, which its serial identifies. */
    record Pick(String serial, Instant at) {}

    /** @param spread what the back-off is multiplied with; drawn once, 0.9 to 1.1, so that sites do not march in step */
    record Failure(Instant at, double spread, Fault fault, String message) {}

    RenewalHistory {
        pauses = Map.copyOf(pauses);
        nameFailures = List.copyOf(nameFailures);
    }

    RenewalHistory picked(Pick next) {
        return new RenewalHistory(next, failures, last, pauses, nameFailures);
    }

    RenewalHistory failed(Failure failure, Map<String, Instant> pausedNow) {
        Map<String, Instant> paused = new HashMap<>(pauses);
        paused.values().removeIf(until -> !until.isAfter(failure.at()));
        Instant longest = failure.at().plus(RenewalPolicy.LONGEST_PAUSE);
        pausedNow.forEach((issuer, until) -> paused.put(issuer, until.isAfter(longest) ? longest : until));
        List<Instant> bad = new ArrayList<>();
        for (Instant at : nameFailures) {
            if (at.plus(NAME_FAILURE_WINDOW).isAfter(failure.at()) && !at.isAfter(failure.at())) {
                bad.add(at);
            }
        }
        if (failure.fault() == Fault.NAME) {
            bad.add(failure.at());
        }
        return new RenewalHistory(pick, failures + 1, failure, paused, bad);
    }

    JsonObject toJson() {
        JsonObject json = new JsonObject();
        if (pick != null) {
            JsonObject at = new JsonObject();
            at.addProperty("serial", pick.serial());
            at.addProperty("at", pick.at().toString());
            json.add("pick", at);
        }
        json.addProperty("failures", failures);
        if (last != null) {
            JsonObject failure = new JsonObject();
            failure.addProperty("at", last.at().toString());
            failure.addProperty("spread", last.spread());
            failure.addProperty("fault", last.fault().name().toLowerCase(Locale.ROOT));
            failure.addProperty("message", last.message());
            json.add("last-failure", failure);
        }
        JsonObject paused = new JsonObject();
        pauses.forEach((issuer, until) -> paused.addProperty(issuer, until.toString()));
        json.add("pauses", paused);
        JsonArray bad = new JsonArray();
        nameFailures.forEach(at -> bad.add(at.toString()));
        json.add("name-failures", bad);
        return json;
    }

    /** @throws RuntimeException where the text is not what {@link #toJson} makes */
    static RenewalHistory parse(JsonObject json) {
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
        JsonObject last = json.getAsJsonObject("last-failure");
        Map<String, Instant> pauses = new HashMap<>();
        for (Map.Entry<String, JsonElement> pause :
                json.getAsJsonObject("pauses").entrySet()) {
            pauses.put(pause.getKey(), Instant.parse(pause.getValue().getAsString()));
        }
        List<Instant> bad = new ArrayList<>();
        json.getAsJsonArray("name-failures").forEach(at -> bad.add(Instant.parse(at.getAsString())));
        return new RenewalHistory(
                pick == null
                        ? null
                        : new Pick(
                                pick.get("serial").getAsString(),
                                Instant.parse(pick.get("at").getAsString())),
                json.get("failures").getAsInt(),
                last == null
                        ? null
                        : new Failure(
                                Instant.parse(last.get("at").getAsString()),
                                last.get("spread").getAsDouble(),
                                Fault.valueOf(last.get("fault").getAsString().toUpperCase(Locale.ROOT)),
                                last.get("message").getAsString()),
                pauses,
                bad);
    }
}
