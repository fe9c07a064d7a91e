package dev.postern.http.exchange;

/** One thing that can happen to a request before it is answered. A listener has a list of them, in order. */
@FunctionalInterface
public interface RequestStep {
    /** Answers or forwards the exchange and returns true, or leaves it to the next step. Event loop; must not block. */
    boolean handle(Exchange exchange);

    /** Whether it has its say as soon as there is a head, also where the others wait for the end of the request. */
    default boolean comesFirst() {
        return false;
    }
}
