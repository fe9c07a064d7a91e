package dev.postern.backend;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What an operator has said of a server at run time, which counts for more than the configuration and holds over a reload, as
 * long as the server is the same. Immutable.
 *
 * @param mode null where the configuration decides
 * @param weight null where the configuration decides
 */
public record ServerOverride(
        @Nullable Said<Mode> mode, @Nullable Said<Integer> weight) {
    /** Nothing: everything is as configured. */
    public static final ServerOverride NONE = new ServerOverride(null, null);

    /** Whether it gets requests. */
    public enum Mode {
        /** As usual, though the configuration says {@code drain}. */
        READY,
        /** No new sessions; clients with a sticky cookie for it still come. */
        DRAIN,
        /** None at all; its health checks go on. */
        MAINTENANCE;

        /** In lower case. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @param until when it ends by itself; null for never */
    public record Said<T>(T what, Instant since, @Nullable Instant until) {
        boolean isOver(Instant now) {
            return until != null && !until.isAfter(now);
        }
    }

    public ServerOverride with(@Nullable Said<Mode> said) {
        return new ServerOverride(said, weight);
    }

    public ServerOverride weighing(@Nullable Said<Integer> said) {
        return new ServerOverride(mode, said);
    }

    public boolean isNothing() {
        return mode == null && weight == null;
    }

    /** What is left of it at {@code now}. */
    ServerOverride at(Instant now) {
        boolean modeOver = mode != null && mode.isOver(now);
        boolean weightOver = weight != null && weight.isOver(now);
        return modeOver || weightOver ? new ServerOverride(modeOver ? null : mode, weightOver ? null : weight) : this;
    }

    boolean is(Mode wanted) {
        return mode != null && mode.what == wanted;
    }

    /** {@code drain, weight 3}; {@code as configured} for nothing. */
    public String text() {
        String modes = mode == null ? "" : mode.what.text();
        String weights = weight == null ? "" : "weight " + weight.what;
        return isNothing() ? "as configured" : modes + (mode == null || weight == null ? "" : ", ") + weights;
    }
}
