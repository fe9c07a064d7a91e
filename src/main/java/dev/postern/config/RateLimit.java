package dev.postern.config;

import java.time.Duration;

/**
 * How many requests (of a service of layer 4: connections) one client may make: {@code requests} in every {@code per} in the long run, and at most {@code burst} at
 * once.
 *
 * @param scope what the limit was given for, a site, a route or a service: one client is counted separately for each
 * @param requests at least 1
 * @param burst at least 1
 */
public record RateLimit(String scope, int requests, Duration per, int burst) {
    /** From one request to the next, of a client that makes them evenly and as fast as it may. */
    public long intervalNanos() {
        return per.toNanos() / requests;
    }
}
