package dev.postern.simulation;

import java.nio.file.Path;

/** The disk under the certificate store: real files, and what a disk does to those who write. */
final class SimulatedDisk {
    private final Path root;
    private int full;
    private int readOnly;
    private int stepsToDeath;

    SimulatedDisk(Path root) {
        this.root = root;
    }

    /** The store, as no process sees it: nothing goes wrong here. */
    Path root() {
        return root;
    }

    /** @param by 1 when another reason for it begins, -1 when it ends */
    void full(int by) {
        full += by;
    }

    void readOnly(int by) {
        readOnly += by;
    }

    boolean isFull() {
        return full > 0;
    }

    boolean isReadOnly() {
        return readOnly > 0;
    }

    /** Whoever makes the n-th step from now dies of it. */
    void deadly(int nth) {
        stepsToDeath = nth;
    }

    /** Counts a step; true where it is the deadly one. */
    boolean isDeadly() {
        return stepsToDeath > 0 && --stepsToDeath == 0;
    }
}
