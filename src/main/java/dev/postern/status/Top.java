package dev.postern.status;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.config.Addresses;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.observe.EndedExchange;
import dev.postern.observe.LoopObserver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who asks most for what: of the last requests that the event loops keep, as far back as all of them go, and a minute at most.
 * Costs nothing while nobody asks.
 *
 * @param millis how long they took to come
 */
record Top(List<ExchangeRecord> exchanges, long millis) {
    private static final long LONGEST_MILLIS = 60_000;
    private static final double MILLIS_PER_SECOND = 1000;

    /** Of sites, clients and paths each. */
    private static final int NAMED = 20;

    /** @param byLoop the oldest first */
    static Top of(List<List<EndedExchange>> byLoop, long nowMillis) {
        long from = nowMillis - LONGEST_MILLIS;
        for (List<EndedExchange> kept : byLoop) {
            // What was before the oldest is not known of that loop any more, and would make the others look busier.
            if (kept.size() >= LoopObserver.RECENT_KEPT) {
                from = Math.max(from, kept.get(0).endedMillis());
            }
        }
        List<ExchangeRecord> within = new ArrayList<>();
        long oldest = nowMillis;
        for (List<EndedExchange> kept : byLoop) {
            for (EndedExchange one : kept) {
                if (one.endedMillis() >= from) {
                    within.add(one.exchange());
                    oldest = Math.min(oldest, one.endedMillis());
                }
            }
        }
        return new Top(within, Math.max(1, nowMillis - oldest));
    }

    JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("requests", exchanges.size());
        json.addProperty("over", millis / MILLIS_PER_SECOND);
        json.add("sites", by(exchange -> exchange.site() == null ? "-" : exchange.site()));
        json.add("clients", by(exchange -> Addresses.text(exchange.clientAddress())));
        json.add("paths", by(Top::path));
        return json;
    }

    /** Host and path; what comes after a question mark is everybody's own. */
    private static @Nullable String path(ExchangeRecord exchange) {
        String target = exchange.target();
        if (target == null) {
            return null;
        }
        int query = target.indexOf('?');
        return exchange.host() + (query < 0 ? target : target.substring(0, query));
    }

    private JsonArray by(Function<ExchangeRecord, @Nullable String> what) {
        Map<String, Integer> counts = new HashMap<>();
        Map<String, Integer> failures = new HashMap<>();
        for (ExchangeRecord exchange : exchanges) {
            String name = what.apply(exchange);
            if (name != null) {
                counts.merge(name, 1, Integer::sum);
                if (exchange.status() >= 500 || exchange.status() == 0) {
                    failures.merge(name, 1, Integer::sum);
                }
            }
        }
        JsonArray all = new JsonArray();
        counts.entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(NAMED)
                .forEach(one -> {
                    JsonObject json = new JsonObject();
                    json.addProperty("name", one.getKey());
                    json.addProperty("requests", one.getValue());
                    json.addProperty("rate", Math.round(one.getValue() * MILLIS_PER_SECOND * 100 / millis) / 100.0);
                    json.addProperty("failed", failures.getOrDefault(one.getKey(), 0));
                    all.add(json);
                });
        return all;
    }
}
