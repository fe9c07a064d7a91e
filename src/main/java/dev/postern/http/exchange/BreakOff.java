package dev.postern.http.exchange;

/** Why a response ends in the middle, as far as its client can be told. */
public enum BreakOff {
    /** The server has changed its mind. */
    CANCELLED,

    /** There is too much to do. */
    OVERLOADED,

    /** Anything else: what we and the server said to each other. */
    FAILED
}
