package dev.postern.app;

import dev.postern.config.Configuration;
import dev.postern.config.LogSettings;
import dev.postern.config.SiteLog;
import dev.postern.config.Tracing;
import dev.postern.explain.EndedRequest;
import dev.postern.http.exchange.ExchangeObserver;
import dev.postern.observe.AccessLog;
import dev.postern.observe.AccessLogs;
import dev.postern.observe.EndedExchange;
import dev.postern.observe.Gauges;
import dev.postern.observe.Handshakes;
import dev.postern.observe.LoopObserver;
import dev.postern.observe.Metrics;
import dev.postern.observe.Traces;
import dev.postern.observe.Traffic;
import dev.postern.tls.HandshakeObserver;
import dev.postern.tunnel.PassageObserver;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What watches the traffic, as configured. Prepared and committed by one thread at a time; closed once the event loops
 * have ended.
 */
final class Observation implements AutoCloseable {
    /** How often lines that were dropped are told. */
    private static final long REPORT_SECONDS = 60;

    /** Event loops never wait, so that it takes them a moment only. */
    private static final long FOLLOW_SECONDS = 10;

    private final InstantSource clock;
    private final Map<EventLoop, LoopObserver> loops = new LinkedHashMap<>();
    private final Handshakes handshakes = new Handshakes();
    // Replaced by commits; read by any thread.
    private volatile AccessLogs logs = AccessLogs.NONE;
    private volatile @Nullable Traces traces;
    private volatile boolean counts;

    Observation(List<EventLoop> loops, InstantSource clock, ScheduledExecutorService background) {
        this.clock = clock;
        SecureRandom seeds = new SecureRandom();
        loops.forEach(loop -> this.loops.put(loop, new LoopObserver(clock, new SplittableRandom(seeds.nextLong()))));
        var unused = background.scheduleAtFixedRate(this::report, REPORT_SECONDS, REPORT_SECONDS, TimeUnit.SECONDS);
    }

    ExchangeObserver of(EventLoop loop) {
        return Objects.requireNonNull(loops.get(loop), "observer");
    }

    PassageObserver passagesOf(EventLoop loop) {
        return Objects.requireNonNull(loops.get(loop), "observer");
    }

    /** @throws CannotStart where the file of the access log cannot be opened */
    Prepared prepare(Configuration next) throws CannotStart {
        boolean counting = next.listeners().admin() != null;
        AccessLogs before = logs;
        Map<LogSettings, AccessLog> known = new LinkedHashMap<>();
        before.all().forEach(one -> known.put(one.config(), one));
        Map<LogSettings, AccessLog> wanted = new LinkedHashMap<>();
        List<AccessLog> opened = new ArrayList<>();
        Set<LogSettings> ofSites = new LinkedHashSet<>();
        next.sites().forEach(site -> {
            SiteLog own = site.settings().accessLog();
            if (own != null && own.own() != null) {
                ofSites.add(own.own());
            }
        });
        try {
            if (next.accessLog() != null) {
                add(next.accessLog(), known, wanted, opened);
            }
            for (LogSettings each : ofSites) {
                add(each, known, wanted, opened);
            }
        } catch (CannotStart e) {
            opened.forEach(Observation::close);
            throw e;
        }
        Map<LogSettings, AccessLog> those = new LinkedHashMap<>(wanted);
        those.keySet().retainAll(ofSites);
        AccessLog main = next.accessLog() == null ? null : wanted.get(next.accessLog());
        AccessLogs made = new AccessLogs(main, Map.copyOf(those));
        Traces tracedBefore = traces;
        boolean sameTraces = Objects.equals(next.tracing(), tracedBefore == null ? null : tracedBefore.config());
        Traces traced = sameTraces ? tracedBefore : open(next.tracing());
        return new Prepared() {
            @Override
            public void commit() {
                logs = made;
                counts = counting;
                traces = traced;
                follow(made, traced, counting);
                if (!sameTraces && tracedBefore != null) {
                    close(tracedBefore.spans());
                }
                known.forEach((config, log) -> {
                    if (!wanted.containsKey(config)) {
                        close(log);
                    } else {
                        // Whoever sends HUP may have moved the file away, and thought of that signal alone.
                        log.reopen();
                    }
                });
            }

            @Override
            public void abandon() {
                opened.forEach(Observation::close);
                if (!sameTraces && traced != null) {
                    close(traced.spans());
                }
            }
        };
    }

    /** @param opened those that are new, to be closed where it comes to nothing */
    private void add(
            LogSettings config,
            Map<LogSettings, AccessLog> known,
            Map<LogSettings, AccessLog> wanted,
            List<AccessLog> opened)
            throws CannotStart {
        if (wanted.containsKey(config)) {
            return;
        }
        for (LogSettings other : wanted.keySet()) {
            if (config.file() != null && config.file().equals(other.file())) {
                throw new CannotStart(
                        CannotStart.Reason.CONFIGURATION,
                        List.of("access-log.to: \"" + config.file()
                                + "\" is that of two logs with other settings (expected: a file for each, or the same"
                                + " settings)"),
                        null);
            }
        }
        AccessLog log = known.get(config);
        if (log == null) {
            log = open(config);
            opened.add(log);
        }
        wanted.put(config, log);
    }

    private @Nullable Traces open(@Nullable Tracing wanted) {
        return wanted == null
                ? null
                : new Traces(
                        wanted,
                        AccessLog.ofSpans(
                                wanted,
                                clock,
                                writer -> Threads.named("tracing")
                                        .newThread(writer)
                                        .start()));
    }

    private AccessLog open(LogSettings wanted) throws CannotStart {
        try {
            return AccessLog.open(
                    wanted,
                    clock,
                    writer -> Threads.named("access-log").newThread(writer).start());
        } catch (IOException e) {
            throw new CannotStart(
                    CannotStart.Reason.CONFIGURATION,
                    List.of("access-log.to: \"" + wanted.destination() + "\" cannot be opened: " + e.getMessage()),
                    e);
        }
    }

    private void follow(AccessLogs next, @Nullable Traces traced, boolean counting) {
        List<Future<?>> following = new ArrayList<>();
        loops.forEach((loop, observer) -> following.add(loop.submit(() -> observer.follow(next, traced, counting))));
        following.forEach(one -> one.awaitUninterruptibly(FOLLOW_SECONDS, TimeUnit.SECONDS));
    }

    HandshakeObserver handshakes() {
        return handshakes;
    }

    /** All that is measured, together with what there is. */
    Metrics metrics(Gauges gauges) {
        return new Metrics(List.copyOf(loops.values()), handshakes, gauges, () -> logs, () -> traces, clock);
    }

    /** Whether requests are counted. */
    boolean counts() {
        return counts;
    }

    /** What was counted since the start; nothing where there is no admin listener. */
    Traffic traffic() {
        return Traffic.of(List.copyOf(loops.values()), handshakes);
    }

    /** The last requests of all event loops, the oldest first. Blocks for a moment; not for an event loop. */
    List<EndedRequest> recent() {
        return ended(LoopObserver::recent).stream()
                .map(one -> EndedRequest.of(one.exchange(), Instant.ofEpochMilli(one.endedMillis())))
                .toList();
    }

    /** The last that {@code kept} of each event loop says, the oldest first. Blocks for a moment; not for an event loop. */
    List<EndedExchange> ended(Function<LoopObserver, List<EndedExchange>> kept) {
        return endedByLoop(kept).stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparingLong(EndedExchange::endedMillis))
                .toList();
    }

    /** The same, those of each event loop apart. */
    List<List<EndedExchange>> endedByLoop(Function<LoopObserver, List<EndedExchange>> kept) {
        List<Future<List<EndedExchange>>> asked = new ArrayList<>();
        loops.forEach((loop, observer) -> asked.add(loop.submit(() -> kept.apply(observer))));
        return asked.stream()
                .filter(one -> one.awaitUninterruptibly(FOLLOW_SECONDS, TimeUnit.SECONDS) && one.isSuccess())
                .map(Future::getNow)
                .toList();
    }

    /** Lines of the access log that were lost since it was opened. */
    long droppedLines() {
        return logs.linesDropped();
    }

    /** A file that was moved away is to be begun anew. */
    void reopen() {
        logs.all().forEach(AccessLog::reopen);
    }

    private void report() {
        logs.all().forEach(AccessLog::report);
        Traces traced = traces;
        if (traced != null) {
            traced.spans().report();
        }
    }

    @Override
    public void close() {
        logs.all().forEach(Observation::close);
        Traces traced = traces;
        if (traced != null) {
            close(traced.spans());
        }
    }

    private static void close(AccessLog ended) {
        ended.close();
    }
}
