package dev.postern.certificate.care;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Thousands of sites, read from the store in the background while the listeners serve already: those that a client waits
 * for first. Safe for several threads, event loops among them: nothing here waits.
 */
final class SiteLoading {
    private static final Logger LOG = LoggerFactory.getLogger(SiteLoading.class);

    private final Consumer<SiteRecord> read;
    private final Runnable afterAll;

    @GuardedBy("this") private final Set<SiteRecord> waiting = new LinkedHashSet<>();

    @GuardedBy("this") private final Set<SiteRecord> urgent = new LinkedHashSet<>();

    @GuardedBy("this") private final Map<SiteRecord, CompletableFuture<Void>> asked = new HashMap<>();

    @GuardedBy("this") private final Set<SiteRecord> inHand = new HashSet<>();

    @GuardedBy("this") private boolean over = true;

    /**
     * @param read does the work, with each site once
     * @param afterAll called once all are read, on the thread that read the last one
     */
    SiteLoading(Consumer<SiteRecord> read, Runnable afterAll) {
        this.read = read;
        this.afterAll = afterAll;
    }

    /** These are to be read, once it {@link #begin}s. */
    synchronized void expect(Collection<SiteRecord> records) {
        waiting.addAll(records);
        over = waiting.isEmpty();
    }

    /** Begins to read, on so many threads. */
    void begin(Executor executor, int threads) {
        for (int i = 0; i < threads && !isOver(); i++) {
            try {
                executor.execute(this::readAll);
            } catch (RejectedExecutionException e) {
                LOG.debug("not read, shutting down", e);
                close();
            }
        }
    }

    /** Reads this one next; complete once it is read. */
    synchronized CompletionStage<Void> now(SiteRecord record) {
        if (waiting.remove(record)) {
            urgent.add(record);
        }
        return urgent.contains(record) || inHand.contains(record)
                ? asked.computeIfAbsent(record, first -> new CompletableFuture<>())
                : CompletableFuture.completedFuture(null);
    }

    synchronized boolean isOver() {
        return over;
    }

    private void readAll() {
        SiteRecord record = take();
        while (record != null) {
            try {
                read.accept(record);
            } catch (RuntimeException e) {
                LOG.error(
                        "{}: a bug while reading it from the store; read again with the next sweep", record.name(), e);
            } finally {
                done(record);
            }
            record = take();
        }
    }

    private synchronized @Nullable SiteRecord take() {
        Set<SiteRecord> from = urgent.isEmpty() ? waiting : urgent;
        if (from.isEmpty()) {
            return null;
        }
        SiteRecord next = from.iterator().next();
        from.remove(next);
        inHand.add(next);
        return next;
    }

    private void done(SiteRecord record) {
        CompletableFuture<Void> future;
        boolean last;
        synchronized (this) {
            inHand.remove(record);
            future = asked.remove(record);
            last = !over && inHand.isEmpty() && urgent.isEmpty() && waiting.isEmpty();
            over |= last;
        }
        if (future != null) {
            future.complete(null);
        }
        if (last) {
            afterAll.run();
        }
    }

    /** Reads no more; who waits is told, and finds nothing. */
    void close() {
        Map<SiteRecord, CompletableFuture<Void>> left;
        synchronized (this) {
            over = true;
            waiting.clear();
            urgent.clear();
            left = Map.copyOf(asked);
            asked.clear();
        }
        left.values().forEach(future -> future.complete(null));
    }
}
