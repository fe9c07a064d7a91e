package dev.postern.cli;

/** How a command ends: 0 and 1 for its answer, the rest from BSD's {@code sysexits.h}, which init systems know. */
final class ExitCode {
    static final int OK = 0;
    /** The answer is "no": a certificate is overdue, say. */
    static final int NO = 1;

    static final int USAGE = 64;
    /** An address cannot be bound, or something cannot be reached. */
    static final int UNAVAILABLE = 69;

    static final int BUG = 70;
    static final int CONFIGURATION = 78;

    private ExitCode() {}
}
