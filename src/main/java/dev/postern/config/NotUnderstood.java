package dev.postern.config;

/** A text is not what its key wants. */
public final class NotUnderstood extends Exception {
    private static final long serialVersionUID = 1;

    /** @param what goes on after the quoted text: {@code has no unit}; may be empty */
    public NotUnderstood(String what) {
        super(what);
    }

    public String what() {
        return String.valueOf(getMessage());
    }
}
