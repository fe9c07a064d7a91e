package dev.postern.ca.acme;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/**
 * The one door to what the ACME server knows, and the only lock of it: {@link AcmeState}, and the orders, authorizations
 * and challenges in it, are handed to one at a time, so that each request sees and leaves everything in one piece. Nobody
 * waits for a network within. Any thread.
 */
final class AcmeDoor {
    @GuardedBy("this") private final AcmeState state;

    AcmeDoor(AcmeState state) {
        this.state = state;
    }

    /**
     * What is done within, and found out. Of one kind of exception it is enough to throw it; of two both are to be named.
     *
     * @param <T> what is found out; not the state itself
     */
    interface Work<T, E extends Exception, F extends Exception> {
        T with(AcmeState state) throws E, F;
    }

    /** What is done within. */
    interface Change<E extends Exception> {
        void of(AcmeState state) throws E;
    }

    /** Does this while nobody else does anything; returns what came of it. May be entered again from within. */
    synchronized <T, E extends Exception, F extends Exception> T within(Work<T, E, F> work) throws E, F {
        return work.with(state);
    }

    /** Does this while nobody else does anything. */
    synchronized <E extends Exception> void change(Change<E> change) throws E {
        change.of(state);
    }
}
