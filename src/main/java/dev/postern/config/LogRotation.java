package dev.postern.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * When a file of a log is put away, and for how long.
 *
 * @param size in bytes; 0 where it does not matter
 * @param age null where it does not matter
 * @param keep how many that were put away stay
 * @param compress whether they are compressed
 */
public record LogRotation(
        @InFile(size = true) long size, @Nullable Duration age, int keep, boolean compress) {}
