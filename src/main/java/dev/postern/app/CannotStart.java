package dev.postern.app;

import dev.postern.config.PlainText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Why the edge did not start, or was not reloaded. Nothing is bound for it, and no CA has been asked for anything. */
public final class CannotStart extends Exception {
    private static final long serialVersionUID = 1;

    /** What has to change before it can. */
    public enum Reason {
        /** The configuration, or what it points at. */
        CONFIGURATION,
        /** Something that is in use or out of reach now. */
        UNAVAILABLE
    }

    private final Reason reason;
    private final transient List<String> lines;

    CannotStart(Reason reason, List<String> lines, @Nullable Throwable cause) {
        super(String.join("; ", lines), cause);
        this.reason = reason;
        this.lines = List.copyOf(lines);
    }

    CannotStart(Reason reason, Exception cause) {
        this(reason, List.of(String.valueOf(cause.getMessage())), cause);
    }

    public Reason reason() {
        return reason;
    }

    /** For the operator; one problem a line. */
    public List<String> lines() {
        return lines;
    }

    /** In one line: with its whole stack, one of the virtual machine would end the process. */
    static String bug(Throwable thrown) {
        StackTraceElement[] stack = thrown.getStackTrace();
        return "bug: " + PlainText.line(thrown.toString()) + (stack.length == 0 ? "" : " at " + stack[0]);
    }
}
