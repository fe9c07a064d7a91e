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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Thousands of sites, read from the store or from the files of their operators in the background while the listeners serve
 * already: those that a client waits for first. Safe for several threads, event loops among them: nothing here waits.
 *
 * @param <T> what is read for each
 */
final class SiteLoading<T> {
    private static final Logger LOG = LoggerFactory.getLogger(SiteLoading.class);

    private final Function<T, String> name;
    private final Consumer<T> read;
    private final Runnable afterAll;

    @GuardedBy("this") private final Set<T> waiting = new LinkedHashSet<>();

    @GuardedBy("this") private final Set<T> urgent = new LinkedHashSet<>();

    @GuardedBy("this") private final Map<T, CompletableFuture<Void>> asked = new HashMap<>();

    @GuardedBy("this") private final Set<T> inHand = new HashSet<>();

    @GuardedBy("this") private boolean over = true;

    /**
     * @param name of a site, for the log
     * @param read does the work, with each site once
     * @param afterAll called once all are read, on the thread that read the last one
     */
    SiteLoading(Function<T, String> name, Consumer<T> read, Runnable afterAll) {
        this.name = name;
        this.read = read;
        this.afterAll = afterAll;
    }

    /** These are to be read, once it {@link #begin}s. */
    synchronized void expect(Collection<T> sites) {
        waiting.addAll(sites);
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
    synchronized CompletionStage<Void> now(T site) {
        if (waiting.remove(site)) {
            urgent.add(site);
        }
        return urgent.contains(site) || inHand.contains(site)
                ? asked.computeIfAbsent(site, first -> new CompletableFuture<>())
                : CompletableFuture.completedFuture(null);
    }

    synchronized boolean isOver() {
        return over;
    }

    private void readAll() {
        T site = take();
        while (site != null) {
            try {
                read.accept(site);
            } catch (RuntimeException e) {
                LOG.error("{}: a bug while reading it; read again with the next sweep", name.apply(site), e);
            } finally {
                done(site);
            }
            site = take();
        }
    }

    private synchronized @Nullable T take() {
        Set<T> from = urgent.isEmpty() ? waiting : urgent;
        if (from.isEmpty()) {
            return null;
        }
        T next = from.iterator().next();
        from.remove(next);
        inHand.add(next);
        return next;
    }

    private void done(T site) {
        CompletableFuture<Void> future;
        boolean last;
        synchronized (this) {
            inHand.remove(site);
            future = asked.remove(site);
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
        Map<T, CompletableFuture<Void>> left;
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
