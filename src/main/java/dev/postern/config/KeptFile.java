package dev.postern.config;

import java.nio.file.Path;

/**
 * A file with what was in it when the configuration was read: one that was replaced since is a change of the configuration.
 *
 * @param content one byte each character, whatever it is
 */
public record KeptFile(
        @InFile(beside = true) Path file,
        @InFile(beside = true) Secret content) {
    @Override
    public String toString() {
        return file.toString();
    }
}
