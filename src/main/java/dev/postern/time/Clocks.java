package dev.postern.time;

import java.time.InstantSource;

/** The clocks of one process, by which everything goes that it does for its certificates: made once. Any thread. */
public final class Clocks {
    private final InstantSource wall;
    private final MonotonicClock elapsed;
    private final ClockSkew skew;
    private final CaTime ca;

    /** @param wall the clock of this host */
    public Clocks(InstantSource wall, MonotonicClock elapsed) {
        this.wall = wall;
        this.elapsed = elapsed;
        this.skew = new ClockSkew(wall);
        this.ca = new CaTime(wall, skew, elapsed);
    }

    /** The clock of this host, right or wrong: alarms are set by it. */
    public InstantSource wall() {
        return wall;
    }

    /** What elapses. */
    public MonotonicClock elapsed() {
        return elapsed;
    }

    /** How far the wall's is from those of the CAs. */
    public ClockSkew skew() {
        return skew;
    }

    /** The time that decisions about certificates go by, as far as it is known. */
    public CaTime ca() {
        return ca;
    }
}
