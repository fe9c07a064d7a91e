package dev.postern.bench.compare;

import java.util.List;

/**
 * How much of everything: enough for figures, or just enough to see that it works.
 *
 * @param seconds of load in each sample
 * @param warmUpSeconds of load before the first one, for who compiles as it runs
 * @param connections of each sample, one after the other or idle
 * @param bodyBytes of the large bodies
 * @param bodies of them in each sample
 * @param sites how many there are at the starts
 */
record Amount(
        int rounds,
        double seconds,
        double warmUpSeconds,
        int connections,
        long bodyBytes,
        int bodies,
        List<Integer> sites,
        int secondsAfterStart) {
    static Amount full() {
        return new Amount(5, 3, 10, 1000, 100_000_000, 4, List.of(10, 1000, 10_000), 20);
    }

    static Amount quick() {
        return new Amount(1, 0.3, 0, 20, 2_000_000, 1, List.of(10), 1);
    }

    /** Whether it is for the figures. */
    boolean isFull() {
        return warmUpSeconds > 0;
    }

    /** How long who has just done something is left to itself before it is looked at, where that matters. */
    void settle(long millis) {
        Wait.sleep(isFull() ? millis : 50);
    }

    Amount withRounds(int number) {
        return new Amount(number, seconds, warmUpSeconds, connections, bodyBytes, bodies, sites, secondsAfterStart);
    }

    Amount withSeconds(double number) {
        return new Amount(rounds, number, warmUpSeconds, connections, bodyBytes, bodies, sites, secondsAfterStart);
    }
}
