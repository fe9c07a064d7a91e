package dev.postern.config;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file with what was in it when the configuration was read: one that was replaced since is a change of the configuration.
 *
 * @param content one byte each character, whatever it is
 */
public record KeptFile(
        @InFile(beside = true) Path file,
        @InFile(beside = true) Secret content) {
    /** The same file with what is in it now. Blocks. */
    public KeptFile readAgain() throws IOException {
        return new KeptFile(file, new Secret(CaFile.text(file)));
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
