package dev.postern.config;

import java.time.Duration;

/**
 * Where exchanges wait while every server of a backend has as many as it may.
 *
 * @param length how many may wait at once; more are refused
 * @param timeout the longest wait
 */
public record ServerQueue(int length, Duration timeout) {
    /** As many as a burst brings, and not longer than somebody waits for a page. */
    public static final ServerQueue DEFAULT = new ServerQueue(1000, Duration.ofSeconds(5));
}
