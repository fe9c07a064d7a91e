package dev.postern.http.message;

import dev.postern.wire.Failure;

/** A message that must not be passed on. Has no stack trace: an attacker can cause millions of them. */
public final class BadMessage extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Failure failure;

    /** @param detail for the log; never contains bytes of the message that could forge a log line */
    public BadMessage(Failure failure, String detail) {
        super(detail, null, false, false);
        this.failure = failure;
    }

    public static BadMessage malformed(String detail) {
        return new BadMessage(Failure.ByClient.MALFORMED, detail);
    }

    public Failure failure() {
        return failure;
    }

    public String detail() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
