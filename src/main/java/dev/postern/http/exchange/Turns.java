package dev.postern.http.exchange;

import dev.postern.machine.MachineErrors;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who of an event loop's clients works when. What they send is worked on as it is read, for as long as a turn of the loop
 * may last; what is left then waits, and is served a little of each, first come first served, between looks at what else
 * there is: so that new connections, handshakes and the answers of servers never wait for more than a turn, whatever the
 * clients send. Whoever has not had to wait lately comes before those who always have more to do than they get done, as in
 * fair queuing of packets (<a href="https://datatracker.ietf.org/doc/html/rfc8290#section-4.2">RFC 8290 §4.2</a>). Where the
 * loop has to wait for a processor itself, as on a machine that others keep busy, that counts as nobody's work: a turn would
 * be over before it has served anybody. Event loop only.
 */
public final class Turns {
    private static final Logger LOG = LoggerFactory.getLogger(Turns.class);

    /** Longer than a look for events takes by three orders of magnitude; a handshake waits for about five of them. */
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    /** Of a turn, for those who come first; the others have the rest at least. */
    private static final long FIRST_NANOS = TURN_NANOS / 2;

    /** Who was served within this time has had its share. */
    private static final long LATELY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** After a turn that lasted too long: for as long as this it is asked what turns cost the processor. */
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long UNKNOWN = -1;

    private final EventLoop loop;
    private final LongSupplier processor;
    private final RecvByteBufAllocator reads = new TurnReads(this);
    private final ArrayDeque<Place> first = new ArrayDeque<>();
    private final ArrayDeque<Place> others = new ArrayDeque<>();
    private boolean began;
    private long beganNanos;
    /** Of the processor's time; not asked for where turns have been short. */
    private long beganProcessorNanos = UNKNOWN;

    /** Of the processor's time, when that was last asked for. */
    private long spentNanos;

    private long spentAtNanos;

    private long watchUntilNanos = System.nanoTime();
    private boolean scheduled;

    Turns(EventLoop loop) {
        this(loop, ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime);
    }

    /** @param processor how many nanoseconds the calling thread has had of it */
    Turns(EventLoop loop, LongSupplier processor) {
        this.loop = loop;
        this.processor = processor;
    }

    /** Whether this turn has lasted for long enough: what is not begun should wait for a place in one of the next. */
    public boolean isOver() {
        if (!began) {
            begin();
            // Runs once everything that is to be read in this turn has been.
            loop.execute(this::ended);
        }
        return hasSpent(TURN_NANOS);
    }

    /** How much is read of a connection at a time. */
    public RecvByteBufAllocator reads() {
        return reads;
    }

    /**
     * Does {@code work} for a newcomer, now or, where the loop is busy with others, in one of the next turns.
     *
     * @param broken ends it, whose work threw
     */
    public void inTurn(Runnable work, Runnable broken) {
        if (isOver()) {
            place(work, broken).waits();
        } else {
            work.run();
        }
    }

    private void begin() {
        began = true;
        beganNanos = System.nanoTime();
        beganProcessorNanos = beganNanos - watchUntilNanos < 0 ? processor.getAsLong() : UNKNOWN;
        spentNanos = 0;
        spentAtNanos = beganNanos;
    }

    /** Whether this turn has cost more than {@code most} so far. */
    private boolean hasSpent(long most) {
        long now = System.nanoTime();
        if (now - beganNanos > TURN_NANOS) {
            watchUntilNanos = now + WATCH_NANOS;
        }
        if (spentNanos + (now - spentAtNanos) <= most) {
            // Nor if all the time since was its own: asking the system costs as much as some requests.
            return false;
        }
        if (beganProcessorNanos != UNKNOWN) {
            spentNanos = processor.getAsLong() - beganProcessorNanos;
            spentAtNanos = now;
        }
        return beganProcessorNanos == UNKNOWN || spentNanos > most;
    }

    private void ended() {
        began = false;
    }

    /**
     * Where one client waits for its turns.
     *
     * @param work should be little
     * @param broken ends the client, whose work threw
     */
    public Place place(Runnable work, Runnable broken) {
        return new Place(work, broken);
    }

    /** Where one client waits. */
    public final class Place {
        private final Runnable work;
        private final Runnable broken;
        private boolean waiting;
        private boolean served;
        private long servedNanos;

        private Place(Runnable work, Runnable broken) {
            this.work = work;
            this.broken = broken;
        }

        public boolean isWaiting() {
            return waiting;
        }

        /** Has the work done in one of the next turns. */
        public void waits() {
            if (waiting) {
                return;
            }
            waiting = true;
            boolean lately = served && System.nanoTime() - servedNanos < LATELY_NANOS;
            (lately ? others : first).add(this);
            schedule();
        }

        private void serve(long now) {
            waiting = false;
            served = true;
            servedNanos = now;
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                MachineErrors.check(e);
                LOG.error("turns: bug; connection closed", e);
                end();
            }
        }

        private void end() {
            try {
                broken.run();
            } catch (RuntimeException | Error e) {
                MachineErrors.check(e);
                LOG.error("turns: bug", e);
            }
        }
    }

    private void schedule() {
        if (!scheduled) {
            scheduled = true;
            // A task would run before the loop looks for events again; what is scheduled, after that.
            var unused = loop.schedule(this::turn, 1, TimeUnit.NANOSECONDS);
        }
    }

    private void turn() {
        scheduled = false;
        begin();
        // Who has been served and has more to do waits for the next turn.
        int waited = others.size();
        serve(first, first.size(), FIRST_NANOS);
        serve(others, waited, TURN_NANOS);
        began = false;
        if (!first.isEmpty() || !others.isEmpty()) {
            schedule();
        }
    }

    /** One of them at least. */
    private void serve(ArrayDeque<Place> queue, int most, long longest) {
        for (int left = most; left > 0 && (left == most || !hasSpent(longest)); left--) {
            queue.remove().serve(System.nanoTime());
        }
    }
}
