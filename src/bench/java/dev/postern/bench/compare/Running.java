package dev.postern.bench.compare;

/** A peer at work. */
final class Running implements AutoCloseable {
    private final Programs programs;
    private final Peer peer;
    private final Setup setup;
    private final Process process;

    /** @param isPinned to the core for what is measured */
    Running(Programs programs, Cores cores, Peer peer, Setup setup, boolean isPinned) {
        this.programs = programs;
        this.peer = peer;
        this.setup = setup;
        this.process = programs.start(
                setup.home(),
                isPinned ? cores.measured(peer.run(setup)) : cores.all(peer.run(setup)),
                peer.environment());
    }

    Running awaitAnswers() {
        for (Door door : peer.doors()) {
            Wait.forPort(setup.port(door), process);
            Wait.until(
                    peer.name() + ": a good answer at " + door,
                    20,
                    () -> Client.isAnswering(setup.port(door), door.host(), door.isTls()));
        }
        return this;
    }

    Peer peer() {
        return peer;
    }

    int port(Door door) {
        return setup.port(door);
    }

    Usage usage() {
        return Usage.of(process);
    }

    /** @throws Failed where it has ended */
    boolean orFail() {
        if (!process.isAlive()) {
            throw new Failed(peer.name() + " has ended: " + setup.said());
        }
        return true;
    }

    void tidy() {
        peer.tidy(process.pid());
    }

    @Override
    public void close() {
        programs.end(process);
    }
}
