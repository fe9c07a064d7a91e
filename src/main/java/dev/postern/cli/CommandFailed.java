package dev.postern.cli;

import dev.postern.app.CannotStart;
import dev.postern.control.ControlFailure;

/** A command cannot do what it was asked for, and knows why: one line for the operator, and an exit code. */
final class CommandFailed extends Exception {
    private static final long serialVersionUID = 1;

    private final int exitCode;

    CommandFailed(int exitCode, String line) {
        super(line);
        this.exitCode = exitCode;
    }

    static CommandFailed of(CannotStart e) {
        int code = e.reason() == CannotStart.Reason.CONFIGURATION ? ExitCode.CONFIGURATION : ExitCode.UNAVAILABLE;
        return new CommandFailed(code, String.join(System.lineSeparator(), e.lines()));
    }

    static CommandFailed of(ControlFailure e) {
        return new CommandFailed(e.exitCode(), String.valueOf(e.getMessage()));
    }

    int exitCode() {
        return exitCode;
    }
}
