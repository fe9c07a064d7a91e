package dev.postern.config;

import java.util.BitSet;
import java.util.Set;

/**
 * What counts as a server's failure, as an operator lists it.
 *
 * @param kinds of what ends an exchange without a response
 * @param statuses of responses; never changed once it is here
 */
public record ServerFaults(Set<Kind> kinds, BitSet statuses) {
    /** How a server can fail without a response. */
    public enum Kind {
        /** No connection could be made. */
        CONNECT,
        /** The connection was closed or reset before a response. */
        CLOSED,
        /** Nothing came within timeouts.response. */
        TIMEOUT,
        /** What came was no response. */
        MALFORMED
    }

    public boolean has(Kind kind) {
        return kinds.contains(kind);
    }

    public boolean has(int status) {
        return status >= 400 && statuses.get(status);
    }
}
