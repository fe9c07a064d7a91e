package dev.postern.certificate.limits;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.postern.certificate.policy.RateLimit;
import dev.postern.certificate.store.AccountStore;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The ledger of one account in the store. Safe for several threads: one writes at a time, with the monitor of this
 * held and not that of the {@link Ledger}.
 */
final class StoredLedger {
    private static final Logger LOG = LoggerFactory.getLogger(StoredLedger.class);

    private static final String HELD = "held-until";
    private static final String ORDERS_HELD = "orders-held-until";

    private final String issuer;
    private final AccountStore account;
    // Written under the monitor; read by any thread.
    private volatile boolean unwritten;

    /**
     * What is in it.
     *
     * @param heldUntil when the CA wants to hear of us again; {@link Instant#MIN} where it did not say
     * @param ordersHeldUntil when it wants to hear of new orders again; likewise
     * @param full when each bucket is full again
     */
    record Content(Instant heldUntil, Instant ordersHeldUntil, Map<Buckets.Bucket, Instant> full) {
        static final Content UNUSED = new Content(Instant.MIN, Instant.MIN, Map.of());
    }

    StoredLedger(String issuer, AccountStore account) {
        this.issuer = issuer;
        this.account = account;
    }

    /** @param limits those that are kept; what the file says of others is of no more use */
    Content read(List<RateLimit> limits) {
        try {
            return account.readLedger().map(json -> parse(json, limits)).orElse(Content.UNUSED);
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: {}: ledger not readable ({}); counted as unused", issuer, account.describe(), e.getMessage());
            return Content.UNUSED;
        }
    }

    private static Content parse(JsonObject json, List<RateLimit> limits) {
        Map<Buckets.Bucket, Instant> full = new HashMap<>();
        for (RateLimit limit : limits) {
            JsonObject buckets = json.getAsJsonObject(limit.key());
            if (buckets != null) {
                buckets.entrySet()
                        .forEach(entry -> full.put(
                                new Buckets.Bucket(limit, entry.getKey()),
                                Instant.parse(entry.getValue().getAsString())));
            }
        }
        return new Content(instant(json, HELD), instant(json, ORDERS_HELD), full);
    }

    private static Instant instant(JsonObject json, String key) {
        JsonElement at = json.get(key);
        return at == null ? Instant.MIN : Instant.parse(at.getAsString());
    }

    /**
     * Waits for the disk; returns also where that refuses.
     *
     * @param newest asked when it is our turn, so that an older state never takes the place of a newer one
     */
    synchronized void write(Supplier<Content> newest) {
        try {
            account.writeLedger(json(newest.get()));
            unwritten = false;
        } catch (IOException e) {
            // Written again with every sweep: one line is enough.
            LOG.atLevel(unwritten ? Level.DEBUG : Level.WARN)
                    .log(
                            "{}: {}; a restart would forget what was used of the rate limits; written again every"
                                    + " minute",
                            issuer,
                            e.getMessage());
            unwritten = true;
        }
    }

    /** What is known is not what is in the file. */
    void markUnwritten() {
        unwritten = true;
    }

    /** Whether the disk refused the last write. */
    boolean isUnwritten() {
        return unwritten;
    }

    private static JsonObject json(Content content) {
        Map<String, Map<String, Instant>> sorted = new TreeMap<>();
        content.full()
                .forEach((bucket, at) -> sorted.computeIfAbsent(bucket.limit().key(), key -> new TreeMap<>())
                        .put(bucket.of(), at));
        JsonObject json = new JsonObject();
        add(json, HELD, content.heldUntil());
        add(json, ORDERS_HELD, content.ordersHeldUntil());
        sorted.forEach((key, ofs) -> {
            JsonObject buckets = new JsonObject();
            ofs.forEach((of, at) -> buckets.addProperty(of, at.toString()));
            json.add(key, buckets);
        });
        return json;
    }

    private static void add(JsonObject json, String key, Instant at) {
        if (!at.equals(Instant.MIN)) {
            json.addProperty(key, at.toString());
        }
    }
}
