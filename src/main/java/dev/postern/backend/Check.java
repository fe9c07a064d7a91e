package dev.postern.backend;

import org.jspecify.annotations.Nullable;

/**
 * What a health check has found.
 *
 * @param fault one line; null where the server was well
 * @param atNanos by the clock of the backend
 */
record Check(@Nullable String fault, long atNanos) {}
