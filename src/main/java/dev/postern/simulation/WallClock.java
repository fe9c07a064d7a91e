package dev.postern.simulation;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** The clock of the machine: the true time, and how far it is off. */
final class WallClock implements InstantSource {
    private final World world;
    private Duration ahead = Duration.ZERO;

    WallClock(World world) {
        this.world = world;
    }

    @Override
    public Instant instant() {
        return world.instant().plus(ahead);
    }

    void jump(Duration by) {
        ahead = ahead.plus(by);
    }

    /** Its time minus the true one. */
    Duration ahead() {
        return ahead;
    }
}
