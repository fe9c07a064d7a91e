package dev.postern.http.exchange;

import dev.postern.dial.Connector;

/**
 * The connections of one event loop to servers that speak one protocol: those that are there, and those that are made. An
 * exchange knows no other way to a server. Event loop only.
 */
public interface ServerConnections extends Connector<ServerStream> {
    /** From now on keeps at most so many of which nobody has any use, where they are not shared. */
    void keepAtMost(int idle);

    /** Looks at all of them, every now and then: what is idle for too long goes, and what leads where we go no more. */
    void check(long nowNanos);

    /** How many are there: of those that are shared all, else those that are idle. */
    int size();

    /** Exchanges under way on those that are shared; 0 where they are not. */
    int streams();

    /** Closes everything, at once. */
    void close();
}
