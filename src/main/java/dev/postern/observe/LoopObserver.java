package dev.postern.observe;

import dev.postern.config.LogSettings;
import dev.postern.config.SiteLog;
import dev.postern.http.exchange.ExchangeObserver;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.http.exchange.Sampling;
import dev.postern.http.exchange.Trace;
import dev.postern.route.Route;
import dev.postern.tunnel.PassageObserver;
import dev.postern.tunnel.PassageRecord;
import dev.postern.wire.Failure;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What watches one event loop, and what is switched on of it. */
public final class LoopObserver implements ExchangeObserver, PassageObserver {
    /** As many as are told of, whatever became of them. */
    public static final int RECENT_KEPT = RecentExchanges.KEPT;

    /** As many as the status page shows: they may all be of one loop. */
    public static final int FAILURES_KEPT = 100;

    private static final int SERVER_ERROR = 500;

    // Changed by follow(), on the loop; read there.
    private @Nullable LogLines log;
    private Map<LogSettings, LogLines> ofSites = Map.of();

    private @Nullable Sampling sampling;
    private @Nullable LogLines spans;
    private final RandomGenerator random;
    private boolean counting;
    private final LoopCounters counters = new LoopCounters();
    private final RecentExchanges recent = new RecentExchanges(RECENT_KEPT);
    /** Of which the others would soon leave none. */
    private final RecentExchanges failed = new RecentExchanges(FAILURES_KEPT);

    private final InstantSource clock;

    /**
     * @param clock of the world
     * @param random what ids of traces are made of; of this loop alone
     */
    public LoopObserver(InstantSource clock, RandomGenerator random) {
        this.random = random;
        this.clock = clock;
    }

    LoopCounters counters() {
        return counters;
    }

    /**
     * What is switched on from now on. On the event loop.
     *
     * @param next where lines go; what another log was given before goes out there
     */
    public void follow(AccessLogs next, @Nullable Traces traced, boolean counts) {
        counting = counts;
        handOver();
        sampling = traced == null ? null : new Sampling(traced.config().samplePerMille(), random);
        spans = traced == null ? null : lines(spans, traced.spans());
        log = next.main() == null ? null : lines(log, next.main());
        Map<LogSettings, LogLines> others = new HashMap<>();
        next.ofSites()
                .forEach((config, one) -> others.put(
                        config, one.equals(next.main()) && log != null ? log : lines(ofSites.get(config), one)));
        ofSites = others.isEmpty() ? Map.of() : others;
    }

    /** Those there are, where they are of that log; else new ones. */
    private static LogLines lines(@Nullable LogLines before, AccessLog next) {
        return before != null && before.isOf(next) ? before : next.lines();
    }

    private void handOver() {
        if (log != null) {
            log.handOver();
        }
        if (!ofSites.isEmpty()) {
            ofSites.values().forEach(LogLines::handOver);
        }
        if (spans != null) {
            spans.handOver();
        }
    }

    /** Where the line of an exchange goes; null where none is written. */
    private @Nullable LogLines linesOf(ExchangeRecord exchange) {
        Route route = exchange.route();
        SiteLog own = route == null ? null : route.settings().accessLog();
        if (own == null) {
            return log;
        }
        // One that a reload has taken away meanwhile is of all.
        return own.own() == null ? null : ofSites.getOrDefault(own.own(), log);
    }

    /** The last exchanges, the oldest first. On the event loop. */
    public List<EndedExchange> recent() {
        return recent.all();
    }

    /** The last that failed through no fault of their clients, the oldest first. On the event loop. */
    public List<EndedExchange> failed() {
        return failed.all();
    }

    @Override
    public @Nullable Sampling sampling() {
        return sampling;
    }

    @Override
    public void ended(ExchangeRecord exchange) {
        Trace trace = exchange.trace();
        if (trace != null && trace.isSampled() && spans != null) {
            spans.add(exchange);
        }
        if (counting) {
            counters.add(exchange);
        }
        LogLines lines = linesOf(exchange);
        if (lines != null) {
            lines.add(exchange);
        }
        exchange.letGo();
        long now = clock.millis();
        recent.add(exchange, now);
        if (isFailure(exchange)) {
            failed.add(exchange, now);
        }
    }

    /** What a client did wrong is none: whoever scans us would push out all others. */
    private static boolean isFailure(ExchangeRecord exchange) {
        Failure why = exchange.failure();
        return why == null ? exchange.status() >= SERVER_ERROR : why.fault() != Failure.Fault.CLIENT;
    }

    @Override
    public void ended(PassageRecord passage) {
        if (counting) {
            counters.add(passage);
        }
        if (log != null) {
            log.add(passage);
        }
    }

    @Override
    public void swept(long lateNanos) {
        if (counting) {
            counters.swept(lateNanos);
        }
        handOver();
    }
}
