package dev.postern.bench.compare;

import java.util.Map;

/** One thing that is measured, of every peer that can do it. */
interface Row {
    /** As on the command line. */
    String key();

    String title();

    boolean isFor(Peer peer);

    /** Those that start a peer of their own take long, and vary little. */
    default int rounds(Amount amount) {
        return amount.rounds();
    }

    /** Before anything counts: whoever compiles while it runs has done so. */
    default void warmUp(Peer peer, Bench bench) {}

    /** Once. */
    Map<Figure, Double> measure(Peer peer, Bench bench);
}
