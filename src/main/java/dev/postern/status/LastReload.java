package dev.postern.status;

import java.time.Instant;
import java.util.List;

/**
 * What came of the last time that the configuration was read again.
 *
 * @param done whether it is in force; else the one before is
 * @param lines what has changed, or what was wrong
 * @param afterRestart what takes effect only with a restart
 */
public record LastReload(Instant at, boolean done, List<String> lines, List<String> afterRestart) {}
