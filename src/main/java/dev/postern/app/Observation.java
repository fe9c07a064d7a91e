package dev.postern.app;

import dev.postern.config.Configuration;
import dev.postern.explain.EndedRequest;
import dev.postern.http.exchange.ExchangeObserver;
import dev.postern.observe.AccessLog;
import dev.postern.observe.EndedExchange;
import dev.postern.observe.Gauges;
import dev.postern.observe.Handshakes;
import dev.postern.observe.LoopObserver;
import dev.postern.observe.Metrics;
import dev.postern.observe.Traffic;
import dev.postern.tls.HandshakeObserver;
import dev.postern.tunnel.PassageObserver;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private volatile @Nullable AccessLog log;
    private volatile boolean counts;

    Observation(List<EventLoop> loops, InstantSource clock, ScheduledExecutorService background) {
        this.clock = clock;
        loops.forEach(loop -> this.loops.put(loop, new LoopObserver(clock)));
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
        AccessLog before = log;
        boolean same = Objects.equals(next.accessLog(), before == null ? null : before.config());
        AccessLog wanted = same ? before : open(next.accessLog());
        return new Prepared() {
            @Override
            public void commit() {
                log = wanted;
                counts = counting;
                follow(wanted, counting);
                if (!same) {
                    close(before);
                } else if (wanted != null) {
                    // Whoever sends HUP may have moved the file away, and thought of that signal alone.
                    wanted.reopen();
                }
            }

            @Override
            public void abandon() {
                if (!same) {
                    close(wanted);
                }
            }
        };
    }

    private @Nullable AccessLog open(Configuration.@Nullable AccessLog wanted) throws CannotStart {
        if (wanted == null) {
            return null;
        }
        try {
            return AccessLog.open(
                    wanted,
                    clock,
                    writer -> Threads.named("access-log").newThread(writer).start());
        } catch (IOException e) {
            throw new CannotStart(
                    CannotStart.Reason.CONFIGURATION,
                    List.of("access-log.to: \"" + wanted.file() + "\" cannot be opened: " + e.getMessage()),
                    e);
        }
    }

    private void follow(@Nullable AccessLog next, boolean counting) {
        List<Future<?>> following = new ArrayList<>();
        loops.forEach((loop, observer) -> following.add(loop.submit(() -> observer.follow(next, counting))));
        following.forEach(one -> one.awaitUninterruptibly(FOLLOW_SECONDS, TimeUnit.SECONDS));
    }

    HandshakeObserver handshakes() {
        return handshakes;
    }

    /** All that is measured, together with what there is. */
    Metrics metrics(Gauges gauges) {
        return new Metrics(List.copyOf(loops.values()), handshakes, gauges, () -> log, clock);
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
        List<Future<List<EndedExchange>>> asked = new ArrayList<>();
        loops.forEach((loop, observer) -> asked.add(loop.submit(() -> kept.apply(observer))));
        return asked.stream()
                .filter(one -> one.awaitUninterruptibly(FOLLOW_SECONDS, TimeUnit.SECONDS) && one.isSuccess())
                .flatMap(one -> one.getNow().stream())
                .sorted(Comparator.comparingLong(EndedExchange::endedMillis))
                .toList();
    }

    /** Lines of the access log that were lost since it was opened. */
    long droppedLines() {
        AccessLog current = log;
        return current == null ? 0 : current.linesDropped();
    }

    /** A file that was moved away is to be begun anew. */
    void reopen() {
        AccessLog current = log;
        if (current != null) {
            current.reopen();
        }
    }

    private void report() {
        AccessLog current = log;
        if (current != null) {
            current.report();
        }
    }

    @Override
    public void close() {
        close(log);
    }

    private static void close(@Nullable AccessLog ended) {
        if (ended != null) {
            ended.close();
        }
    }
}
