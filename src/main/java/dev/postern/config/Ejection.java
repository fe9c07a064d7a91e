package dev.postern.config;

import java.time.Duration;

/**
 * When a server that fails in what it is asked to do is left out for a while.
 *
 * @param after so many failures in a row
 * @param on what is a failure
 * @param time how long, the first time; twice as long the second time, and so on
 * @param longest never longer than this
 */
public record Ejection(int after, ServerFaults on, Duration time, Duration longest) {}
