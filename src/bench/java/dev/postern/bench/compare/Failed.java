package dev.postern.bench.compare;

/** Something did not do what it was asked to; figures of it would mean nothing. */
final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failed(String message) {
        super(message);
    }
}
