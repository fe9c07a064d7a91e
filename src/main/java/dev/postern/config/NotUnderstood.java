package dev.postern.config;

/** A text is not what its key wants. */
final class NotUnderstood extends Exception {
    private static final long serialVersionUID = 1;

    /** @param what goes on after the quoted text: {@code has no unit}; may be empty */
    NotUnderstood(String what) {
        super(what);
    }

    String what() {
        return String.valueOf(getMessage());
    }
}
