package dev.postern.http.exchange;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.http.message.Failure.ByServer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to servers that speak one protocol: those that are there, and those that are made. An
 * exchange knows no other way to a server. Event loop only.
 */
public interface ServerConnections {
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
    @Nullable ServerStream open(Server server, @Nullable ProxyPreamble preamble, long nowNanos, long maxIdleNanos);

    /**
     * Begins to connect; returns what can be cancelled. What is handed over is a place on a connection made from now on.
     *
     * @param preamble with which it is to begin, before anything else; null for none
     */
    Attempt connect(Server server, @Nullable ProxyPreamble preamble, Duration timeout, Outcome<ServerStream> outcome);

    /** From now on keeps at most so many of which nobody has any use, where they are not shared. */
    void keepAtMost(int idle);

    /** Looks at all of them, every now and then: what is idle for too long goes, and what leads where we go no more. */
    void check(long nowNanos);

    /** Closes one that nobody uses; false where there is none. */
    boolean closeIdle();

    /** How many are there: of those that are shared all, else those that are idle. */
    int size();

    /** Exchanges under way on those that are shared; 0 where they are not. */
    int streams();

    /** Closes everything, at once. */
    void close();
}
