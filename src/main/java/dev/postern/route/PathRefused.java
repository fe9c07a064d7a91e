package dev.postern.route;

/** A path that has no one form: programs behind us might read it in more than one way. */
public final class PathRefused extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param what it has */
    PathRefused(String what) {
        // No stack trace: it is thrown for what strangers send, as fast as they can.
        super("path has " + what, null, false, false);
    }

    /** What is wrong with the path, for the log. */
    public String detail() {
        return String.valueOf(getMessage());
    }
}
