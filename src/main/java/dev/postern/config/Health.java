package dev.postern.config;

import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * How the servers of a backend are checked.
 *
 * @param path may have a query
 * @param host the Host header of a check; null for the address of the server
 * @param expectFrom lowest status that counts as healthy
 * @param expectTo highest status that counts as healthy
 * @param rise how many good checks bring a server back
 * @param fall how many bad checks take it out
 * @param drainOn404 a server that answers 404 is well, and gets no new sessions
 * @param port where it is asked; empty for the port of the server
 * @param dialogue what is said over TCP
 */
public record Health(
        String method,
        String path,
        @Nullable String host,
        int expectFrom,
        int expectTo,
        Duration interval,
        Duration timeout,
        int rise,
        int fall,
        Type type,
        @InFile(key = "drain-on-404") boolean drainOn404,
        OptionalInt port,
        Dialogue dialogue) {
    public enum Type {
        HTTP,
        /** A connection that is accepted is enough, unless there is a dialogue. */
        TCP
    }

    public Health(
            String method,
            String path,
            @Nullable String host,
            int expectFrom,
            int expectTo,
            Duration interval,
            Duration timeout,
            int rise,
            int fall) {
        this(
                method,
                path,
                host,
                expectFrom,
                expectTo,
                interval,
                timeout,
                rise,
                fall,
                Type.HTTP,
                false,
                OptionalInt.empty(),
                Dialogue.NONE);
    }
}
