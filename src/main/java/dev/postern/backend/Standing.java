package dev.postern.backend;

/**
 * How it stands, and since when.
 *
 * @param why in a few words
 * @param sinceNanos by the clock of the backend
 */
record Standing(Server.State state, String why, long sinceNanos) {}
