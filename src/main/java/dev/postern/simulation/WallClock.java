package dev.postern.simulation;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** The clock of the machine: the true time, and how far it is off. */
final class WallClock implements InstantSource {
    private final World world;
    private final List<Jump> jumps = new ArrayList<>();
    private Duration ahead = Duration.ZERO;

    /** @param before how far it was ahead until then */
    private record Jump(Instant at, Duration before) {}

    WallClock(World world) {
        this.world = world;
    }

    @Override
    public Instant instant() {
        return world.instant().plus(ahead);
    }

    void jump(Duration by) {
        jumps.add(new Jump(world.instant(), ahead));
        ahead = ahead.plus(by);
    }

    /** How far it was behind the true time at most, from then until now; zero where it never was. */
    Duration behindSince(Instant then) {
        Duration behind = ahead.negated();
        for (Jump jump : jumps) {
            if (jump.at().isAfter(then) && jump.before().negated().compareTo(behind) > 0) {
                behind = jump.before().negated();
            }
        }
        return behind.isNegative() ? Duration.ZERO : behind;
    }

    /** Its time minus the true one. */
    Duration ahead() {
        return ahead;
    }
}
