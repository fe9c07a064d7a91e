package dev.postern.http.exchange;

import dev.postern.wire.Failure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** The line of the service log that says why an exchange has failed. Event loop only. */
final class FailureLog {
    private static final Logger LOG = LoggerFactory.getLogger(FailureLog.class);

    private FailureLog() {}

    /**
     * A fault of the client's is for those who look for it; of all others a few lines are told in a while.
     *
     * @param where backend and server
     * @param outcome what became of the exchange
     */
    static void write(
            OutgoingRequest failed,
            RepeatedWarnings warnings,
            long nowNanos,
            String where,
            Failure failure,
            String detail,
            String outcome) {
        if (failure.fault() == Failure.Fault.CLIENT) {
            LOG.debug(
                    "request {}: client {}: {}: {}; {}",
                    failed.id(),
                    failed.requester().text(),
                    failure.reason(),
                    detail,
                    outcome);
            return;
        }
        LOG.atLevel(warnings.tells(where, failure, nowNanos) ? Level.WARN : Level.DEBUG)
                .log(
                        "request {}: {} {}: {}: {}: {}; {}",
                        failed.id(),
                        failed.request().method(),
                        failed.request().authority().host(),
                        where,
                        failure.reason(),
                        detail,
                        outcome);
    }
}
