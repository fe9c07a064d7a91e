package dev.postern.app;

/** A part of a reload in which everything that can go wrong has gone well. One of the two is called, once; both block. */
interface Prepared {
    /** Takes effect. Does not fail. */
    void commit();

    /** Leaves everything as it was. */
    void abandon();
}
