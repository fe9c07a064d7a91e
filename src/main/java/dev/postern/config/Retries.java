package dev.postern.config;

/**
 * What is sent to another server although the first one may have begun with it.
 *
 * @param attempts how many more there may be for one exchange
 * @param on what is a failure
 * @param budgetPercent of the backend's exchanges, at most, are retries
 */
public record Retries(
        int attempts,
        ServerFaults on,
        @InFile(key = "budget") int budgetPercent) {}
