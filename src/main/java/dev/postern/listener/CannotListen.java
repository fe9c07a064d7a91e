package dev.postern.listener;

/** An address could not be bound. Says which listener, which address, why, and what may help. */
public final class CannotListen extends Exception {
    private static final long serialVersionUID = 1;

    CannotListen(String message, Throwable cause) {
        super(message, cause);
    }
}
