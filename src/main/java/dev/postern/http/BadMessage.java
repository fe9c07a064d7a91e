package dev.postern.http;

/** A message that must not be passed on. Has no stack trace: an attacker can cause millions of them. */
final class BadMessage extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Failure failure;

    /** @param detail for the log; never contains bytes of the message that could forge a log line */
    BadMessage(Failure failure, String detail) {
        super(detail, null, false, false);
        this.failure = failure;
    }

    static BadMessage malformed(String detail) {
        return new BadMessage(Failure.ByClient.MALFORMED, detail);
    }

    Failure failure() {
        return failure;
    }

    String detail() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
