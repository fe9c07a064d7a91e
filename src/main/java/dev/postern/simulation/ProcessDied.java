package dev.postern.simulation;

/**
 * Whatever a dead process would do next does not happen. Thrown out of everything by which it reaches the world: the disk,
 * the network, and waiting.
 */
final class ProcessDied extends Error {
    private static final long serialVersionUID = 1;

    ProcessDied() {
        super("this process is dead", null, false, false);
    }
}
