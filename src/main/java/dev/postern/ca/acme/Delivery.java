package dev.postern.ca.acme;

/** How an answer reaches the client. All but {@link #WHOLE} are faults that somebody asked for. */
public enum Delivery {
    WHOLE,
    /** The connection is reset before a byte of the answer. */
    RESET,
    /** The connection stays open, and nothing comes. */
    SILENT,
    /** The head and half of the body, then nothing more on an open connection. */
    STALLED,
    /** The head promises the whole body, half of it comes, then the connection is closed. */
    TRUNCATED,
    /** The body comes byte by byte, with a pause before each. */
    DRIPPING
}
