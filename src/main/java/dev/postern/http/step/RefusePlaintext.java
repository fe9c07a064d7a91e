package dev.postern.http.step;

import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.RequestStep;
import dev.postern.wire.Failure;

/** On the port for HTTPS, to a client that speaks HTTP without TLS: says so, in words. Always answers. */
public final class RefusePlaintext implements RequestStep {
    @Override
    public boolean handle(Exchange exchange) {
        exchange.isLast();
        exchange.fail(Failure.ByClient.PLAIN_HTTP, "plain HTTP on the port for HTTPS");
        return true;
    }
}
