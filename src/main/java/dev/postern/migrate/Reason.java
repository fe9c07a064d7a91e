package dev.postern.migrate;

/**
 * Why a line is not carried over.
 *
 * @param then what the operator can do; empty where there is nothing to do
 * @param isGuard whether it kept somebody out
 */
public record Reason(String why, String then, boolean isGuard) {
    public Reason(String why, String then) {
        this(why, then, false);
    }

    public static Reason guard(String why, String then) {
        return new Reason(why, then, true);
    }
}
