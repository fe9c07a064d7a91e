package dev.postern.cli;

/** A command was not called as it can be, which its options alone do not tell: one line, and how to get help. */
final class WrongUsage extends Exception {
    private static final long serialVersionUID = 1;

    WrongUsage(String line) {
        super(line);
    }
}
