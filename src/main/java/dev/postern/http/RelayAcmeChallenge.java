package dev.postern.http;

/**
 * Requests under {@code /.well-known/acme-challenge/} go to the side port, whatever their Host: a CA asks for each name
 * of an order here, and follows no redirect of ours that a mistake could misroute
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.3">RFC 8555 §8.3</a>).
 */
public final class RelayAcmeChallenge implements RequestStep {
    static final byte[] PREFIX = HeadWriter.constant("/.well-known/acme-challenge/");

    @Override
    public boolean handle(Exchange exchange) {
        if (!exchange.request().target().pathStartsWith(PREFIX)) {
            return false;
        }
        exchange.forward(exchange.routing().plaintext().sidePort());
        return true;
    }
}
