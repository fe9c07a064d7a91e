package dev.postern.dial;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.wire.Failure.ByServer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Makes connections of one event loop to servers that speak one protocol, and knows those that are there. Event loop only.
 *
 * @param <T> a place on a connection: all of it, or a stream of one that is shared
 */
public interface Connector<T> {
    /** How an attempt ends; one of them is called, once, on the event loop, unless the attempt is cancelled. */
    interface Outcome<T> {
        void connected(T made);

        /** The server, or the way to it, is to blame. */
        void refused(ByServer failure, String why);

        /** This host is to blame: no descriptor, no port. */
        void impossible(String why);
    }

    /** An attempt under way. */
    interface Attempt {
        boolean isOver();

        /** Whoever waits for it hears no more. */
        void cancel();
    }

    /** Whether one of them works for many exchanges at once (multiplexing), so that nobody takes one for himself. */
    boolean areShared();

    /**
     * A place on one that is there; null where there is none.
     *
     * @param preamble with which it must have begun; null for none
     * @param maxIdleNanos for how long it may have been of no use, where it is not shared
     */
    @Nullable T open(Server server, @Nullable ProxyPreamble preamble, long nowNanos, long maxIdleNanos);

    /**
     * Begins to connect; returns what can be cancelled. What is handed over is a place on a connection made from now on.
     *
     * @param preamble with which it is to begin, before anything else; null for none
     */
    Attempt connect(Server server, @Nullable ProxyPreamble preamble, Duration timeout, Outcome<T> outcome);

    /** Closes one that nobody uses; false where there is none. */
    boolean closeIdle();
}
