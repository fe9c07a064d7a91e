package dev.postern.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Time that passes only when something waits for it, and everything that happens in it, one thing after the other: the
 * same seed gives the same history. Not safe for several threads at once, but the strands of a world take turns.
 *
 * <p>An event runs to its end on the thread that called {@link #run}. What has to wait in between, such as an order, runs
 * on a {@link Strand}: a thread of its own that has its turn until it waits, and gets it back when its time has come.
 */
final class World {
    /** When every world begins; certificates have dates, so it must be one. */
    static final Instant BEGINNING = Instant.parse("2027-01-01T00:00:00Z");

    /** How much of the past a failure tells. */
    private static final int REMEMBERED = 120;

    /** A turn of a strand is a few milliseconds of computing; one that takes this long is blocked for ever. */
    private static final Duration LONGEST_TURN = Duration.ofSeconds(60);

    private final long seed;
    private final SplittableRandom root;
    private final SplittableRandom keys;
    private final ExecutorService threads;
    private final @Nullable Consumer<String> listener;
    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private final Deque<String> past = new ArrayDeque<>();
    private final Semaphore worldsTurn = new Semaphore(0);

    // Both are handed from thread to thread with the turn.
    private long now;
    private long made;
    private @Nullable Strand running;
    private @Nullable Throwable broken;

    /**
     * @param threads for strands: as many as there are at once, without a queue
     * @param listener gets every line of the history; the last ones are remembered in any case
     */
    World(long seed, ExecutorService threads, @Nullable Consumer<String> listener) {
        this.seed = seed;
        this.root = new SplittableRandom(seed);
        this.keys = new SplittableRandom(~seed);
        this.threads = threads;
        this.listener = listener;
    }

    long seed() {
        return seed;
    }

    /** Randomness for one purpose: what another purpose draws does not change it. */
    RandomGenerator random() {
        return root.split();
    }

    /** What keys are made of. */
    RandomGenerator keys() {
        return keys;
    }

    /** The true time. */
    Instant instant() {
        return BEGINNING.plusNanos(now);
    }

    /** Nanoseconds since the beginning. */
    long nanos() {
        return now;
    }

    /** Something that will happen, unless it is called off. */
    final class Event implements Comparable<Event> {
        private final long at;
        private final long number = made++;
        private @Nullable Runnable what;

        private Event(long at, Runnable what) {
            this.at = at;
            this.what = what;
        }

        void callOff() {
            what = null;
        }

        @Override
        public int compareTo(Event other) {
            return at == other.at ? Long.compare(number, other.number) : Long.compare(at, other.at);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return Long.hashCode(number);
        }
    }

    /** Lets {@code what} happen after {@code delay}; what is due at the same time happens in the order of asking. */
    Event plan(Duration delay, Runnable what) {
        Event event = new Event(now + Math.max(0, nanosOf(delay)), what);
        events.add(event);
        return event;
    }

    /** As {@link #plan}, for what is never called off. */
    void after(Duration delay, Runnable what) {
        events.add(new Event(now + Math.max(0, nanosOf(delay)), what));
    }

    /** Lets everything happen that is due before {@code end}, or until {@code over}. */
    void run(Duration end, BooleanSupplier over) {
        long last = nanosOf(end);
        for (Event next = events.peek(); next != null && next.at <= last; next = events.peek()) {
            if (over.getAsBoolean()) {
                return;
            }
            events.remove();
            Runnable what = next.what;
            if (what != null) {
                now = Math.max(now, next.at);
                what.run();
            }
        }
        now = Math.max(now, last);
    }

    /** Time passes while whoever has the turn keeps it; what becomes due meanwhile is late. */
    void pass(Duration time) {
        now += Math.max(0, nanosOf(time));
    }

    /** Writes the next line of the history. */
    void tell(String line) {
        String told = instant() + " " + line;
        past.addLast(told);
        if (past.size() > REMEMBERED) {
            past.removeFirst();
        }
        if (listener != null) {
            listener.accept(told);
        }
    }

    /** The last lines of the history. */
    List<String> past() {
        return List.copyOf(past);
    }

    /** Begins a strand, at once, and returns when it waits for the first time or has ended. Called by an event. */
    void begin(Strand strand) {
        running = strand;
        threads.execute(() -> {
            SimulatedSignatures.enter(this);
            try {
                strand.body.run();
            } catch (Throwable e) {
                broken = e;
            } finally {
                SimulatedSignatures.leave();
                strand.ended = true;
                running = null;
                // An interrupt was meant for the strand, not for whoever gets this thread next.
                Thread.interrupted();
                worldsTurn.release();
            }
        });
        await(worldsTurn);
        rethrow();
    }

    private void rethrow() {
        Throwable failure = broken;
        if (failure != null) {
            broken = null;
            throw new IllegalStateException("a strand of the world broke: " + failure, failure);
        }
    }

    /** The strand whose turn it is; null where an event has it. */
    @Nullable Strand running() {
        return running;
    }

    private void await(Semaphore turn) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    if (!turn.tryAcquire(LONGEST_TURN.toSeconds(), TimeUnit.SECONDS)) {
                        throw new IllegalStateException("seed " + seed + ", " + instant()
                                + ": whoever has the turn waits for something outside of the world's time");
                    }
                    return;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Something that happens over a time, beside others. */
    final class Strand {
        private final Runnable body;
        private final Semaphore turn = new Semaphore(0);
        private @Nullable Event wakeUp;
        private boolean ended;

        Strand(Runnable body) {
            this.body = body;
        }

        /** Called on the strand: gives the turn away until {@code time} has passed or somebody calls {@link #wake}. */
        void await(Duration time) {
            wakeUp = plan(time, this::proceed);
            running = null;
            worldsTurn.release();
            // For a day of the world may take a minute of ours; the world itself notices a turn that does not end.
            turn.acquireUninterruptibly();
        }

        private void proceed() {
            wakeUp = null;
            running = this;
            turn.release();
            World.this.await(worldsTurn);
            rethrow();
        }

        /** Called by anybody else: it need not wait any longer, and goes on as the next event. */
        void wake() {
            Event waited = wakeUp;
            if (waited != null) {
                waited.callOff();
                wakeUp = plan(Duration.ZERO, this::proceed);
            }
        }

        /** Called by an event: gives it turn after turn until it has ended; it does, for its process is dead. */
        void end() {
            while (wakeUp != null) {
                wakeUp.callOff();
                proceed();
            }
        }

        boolean isEnded() {
            return ended;
        }
    }

    private static long nanosOf(Duration duration) {
        // A wish for the end of all time is as good as never.
        return duration.compareTo(Duration.ofDays(36_500)) > 0
                ? Duration.ofDays(36_500).toNanos()
                : duration.toNanos();
    }
}
