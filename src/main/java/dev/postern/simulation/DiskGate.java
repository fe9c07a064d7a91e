package dev.postern.simulation;

import java.io.IOException;
import java.nio.file.Path;

/** Asked before anything happens on a {@link GatedFileSystem}; what it throws happens instead. */
interface DiskGate {
    /** What is about to happen. */
    enum Step {
        READ,
        /** Needs room, or might: making, writing, renaming, syncing. */
        WRITE,
        /** Needs none. */
        REMOVE
    }

    void before(Step step, Path path) throws IOException;
}
