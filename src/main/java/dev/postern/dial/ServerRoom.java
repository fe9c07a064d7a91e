package dev.postern.dial;

import dev.postern.backend.ServerBudget;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Room for connections of one event loop to servers, within what all of them may have. An idle connection goes before
 * anybody is refused; those of the other loops are asked to go, which takes a moment. Event loop only.
 */
public final class ServerRoom {
    /** As long as the other loops take to let an idle connection go. */
    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final int STEPS = 5;

    /** How many idle connections another loop lets go when it is asked. */
    private static final int FEW = 16;

    private final ServerBudget budget;
    private final EventLoop loop;
    private final List<? extends Connector<?>> connections;
    private final Runnable others;

    /** @param others has the other loops let idle connections go */
    public ServerRoom(ServerBudget budget, EventLoop loop, List<? extends Connector<?>> connections, Runnable others) {
        this.budget = budget;
        this.loop = loop;
        this.connections = connections;
        this.others = others;
    }

    /** Counts {@code connection} until it is closed. */
    void count(Channel connection) {
        budget.count(connection);
    }

    /** Whether there may be one more connection, for which an idle one may have had to go. */
    public boolean isThere() {
        while (!budget.hasRoom()) {
            if (!closeIdle()) {
                return false;
            }
        }
        return true;
    }

    private boolean closeIdle() {
        for (Connector<?> each : connections) {
            if (each.closeIdle()) {
                return true;
            }
        }
        return false;
    }

    /** Why there is none, for the log. */
    public String why() {
        budget.refuses();
        return "limits.server-connections: " + budget.max() + " are open";
    }

    /** Whether one more may work for the client of this network; counted until {@link #leaves}. */
    boolean worksFor(long network) {
        return budget.worksFor(network);
    }

    void leaves(long network) {
        budget.leaves(network);
    }

    String whyNotForClient() {
        budget.refuses();
        return "limits.server-connections-per-client: no more for this client (at most " + budget.maxPerClient()
                + ", and less while others have many; " + budget.working() + " of " + budget.max() + " at work)";
    }

    /** Lets the oldest of those that are idle go, a few of them. */
    public void letGo() {
        for (int i = 0; i < FEW && !budget.hasRoom(); i++) {
            if (!closeIdle()) {
                return;
            }
        }
    }

    /**
     * Waits a little for room.
     *
     * @param then is told whether there is any, unless the attempt is cancelled
     */
    Connector.Attempt await(Consumer<Boolean> then) {
        if (budget.asksOthers(loop.ticker().nanoTime())) {
            others.run();
        }
        return new Waiting(then);
    }

    private final class Waiting implements Connector.Attempt {
        private final Consumer<Boolean> then;
        private ScheduledFuture<?> next;
        private int steps = STEPS;

        Waiting(Consumer<Boolean> then) {
            this.then = then;
            this.next = loop.schedule(this::look, STEP_NANOS, TimeUnit.NANOSECONDS);
        }

        private void look() {
            boolean room = isThere();
            if (room || --steps == 0) {
                then.accept(room);
            } else {
                next = loop.schedule(this::look, STEP_NANOS, TimeUnit.NANOSECONDS);
            }
        }

        @Override
        public boolean isOver() {
            return next.isDone();
        }

        @Override
        public void cancel() {
            next.cancel(false);
        }
    }
}
