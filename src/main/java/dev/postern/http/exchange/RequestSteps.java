package dev.postern.http.exchange;

import dev.postern.wire.Failure;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What happens to the requests of a listener, in order (filter chain, middleware); the last step always answers. */
public final class RequestSteps {
    private static final Logger LOG = LoggerFactory.getLogger(RequestSteps.class);

    private final String listener;
    private final List<RequestStep> steps;

    private RequestSteps(String listener, List<RequestStep> steps) {
        this.listener = listener;
        this.steps = steps;
    }

    /** @param listener by name */
    public static RequestSteps of(String listener, RequestStep... steps) {
        return new RequestSteps(listener, List.of(steps));
    }

    /** What the listener is called whose requests these are for. */
    public String listener() {
        return listener;
    }

    /** Lets them decide. What came of the body so far waits in the exchange. */
    public void start(Exchange exchange) {
        try {
            for (RequestStep step : steps) {
                if (exchange.isFinished() || step.handle(exchange)) {
                    return;
                }
            }
            throw new IllegalStateException("no step answered " + exchange.id());
        } catch (RuntimeException e) {
            LOG.error("request {}: bug", exchange.id(), e);
            exchange.fail(Failure.ByEdge.BUG, e.toString());
        }
    }

    /** The request has not ended, though it says that nothing is to come: it is started once it has. */
    public void awaitEnd(Exchange exchange) {
        exchange.awaitsEnd();
        for (RequestStep step : steps) {
            if (step.comesFirst() && step.handle(exchange)) {
                return;
            }
        }
    }
}
