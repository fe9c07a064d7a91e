package dev.postern.control;

import java.util.List;

/** A request that is not done: one line for the operator, and how the command that made it ends. */
public final class ControlFailure extends Exception {
    private static final long serialVersionUID = 1;

    private static final int NO = 1;
    private static final int USAGE = 64;
    private static final int UNAVAILABLE = 69;
    private static final int BUG = 70;
    private static final int CONFIGURATION = 78;

    private final int exitCode;

    ControlFailure(int exitCode, String line) {
        super(line);
        this.exitCode = exitCode;
    }

    /** The answer is "no": a CA said so, or the certificates do. */
    public static ControlFailure no(String line) {
        return new ControlFailure(NO, line);
    }

    /** Asked for wrongly: a site that is none, say. */
    public static ControlFailure usage(String line) {
        return new ControlFailure(USAGE, line);
    }

    /** Something cannot be reached, or written, now. */
    public static ControlFailure unavailable(String line) {
        return new ControlFailure(UNAVAILABLE, line);
    }

    /** The configuration is wrong: one line for each problem. */
    public static ControlFailure configuration(List<String> lines) {
        return new ControlFailure(CONFIGURATION, String.join("\n", lines));
    }

    /** Something is wrong with us. */
    public static ControlFailure bug(String line) {
        return new ControlFailure(BUG, line);
    }

    /** From {@code sysexits.h}, as commands end. */
    public int exitCode() {
        return exitCode;
    }
}
