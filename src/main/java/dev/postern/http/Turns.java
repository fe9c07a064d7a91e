package dev.postern.http;

import dev.postern.machine.MachineErrors;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who of an event loop's clients works when. What they send is worked on as it is read, for as long as a turn of the loop
 * may last; what is left then waits, and is served a little of each, first come first served, between looks at what else
 * there is: so that new connections, handshakes and the answers of servers never wait for more than a turn, whatever the
 * clients send. Event loop only.
 */
final class Turns {
    private static final Logger log = LoggerFactory.getLogger(Turns.class);

    /** Longer than a look for events takes by three orders of magnitude; a handshake waits for about five of them. */
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final EventLoop loop;
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private boolean began;
    private long beganNanos;
    private boolean scheduled;

    Turns(EventLoop loop) {
        this.loop = loop;
    }

    /** Whether this turn has lasted for long enough: what is not begun should wait for {@link #next}. */
    boolean isOver() {
        long now = System.nanoTime();
        if (!began) {
            began = true;
            beganNanos = now;
            // Runs once everything that is to be read in this turn has been.
            loop.execute(this::ended);
        }
        return now - beganNanos > TURN_NANOS;
    }

    private void ended() {
        began = false;
    }

    /** Runs {@code work}, which should be little, in one of the next turns. */
    void next(Runnable work) {
        waiting.add(work);
        schedule();
    }

    private void schedule() {
        if (!scheduled) {
            scheduled = true;
            // A task would run before the loop looks for events again; what is scheduled, after that.
            var unused = loop.schedule(this::serve, 1, TimeUnit.NANOSECONDS);
        }
    }

    private void serve() {
        scheduled = false;
        began = true;
        beganNanos = System.nanoTime();
        // Whoever has been served and has more to do waits for the next turn.
        int left = waiting.size();
        do {
            Runnable work = waiting.poll();
            if (work == null) {
                break;
            }
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                MachineErrors.check(e);
                // It is one client's, whose timeouts end it: the others go on.
                log.error("turns: bug", e);
            }
        } while (--left > 0 && System.nanoTime() - beganNanos < TURN_NANOS);
        began = false;
        if (!waiting.isEmpty()) {
            schedule();
        }
    }
}
