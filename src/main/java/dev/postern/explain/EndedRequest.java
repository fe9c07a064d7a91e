package dev.postern.explain;

import dev.postern.backend.Server;
import dev.postern.config.Addresses;
import dev.postern.http.exchange.Admission;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.route.Route;
import dev.postern.wire.EndedBy;
import dev.postern.wire.Failure;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.StringJoiner;

/**
 * Why a request ended as it did.
 *
 * @param lines for an operator
 */
public record EndedRequest(String id, List<String> lines) {
    private static final long NANOS_IN_MILLI = 1_000_000;

    /** @param ended when it did */
    public static EndedRequest of(ExchangeRecord exchange, Instant ended) {
        Lines lines = new Lines();
        String target = exchange.target();
        lines.say(
                "request",
                exchange.id() + " at "
                        + ended.minusNanos(exchange.totalTime()).truncatedTo(ChronoUnit.MILLIS) + " from "
                        + Addresses.text(exchange.clientAddress()));
        lines.say(
                "request",
                target == null
                        ? "its head could not be read"
                        : exchange.method() + " " + exchange.host() + " " + target + ", " + exchange.protocol()
                                + (exchange.tlsVersion() == null ? "" : " over " + exchange.tlsVersion()));
        Failure failure = exchange.failure();
        lines.say("answer", exchange.status() == 0 ? "none" : Integer.toString(exchange.status()));
        if (failure != null) {
            lines.say("why", failure.reason() + (exchange.detail().isEmpty() ? "" : ": " + exchange.detail()));
        }
        if (failure != null || exchange.endedBy() != EndedBy.NOBODY) {
            lines.say(
                    "ended by",
                    exchange.endedBy().words() + ", phase " + exchange.phase().words());
        }
        way(exchange, lines);
        times(exchange, lines);
        return new EndedRequest(exchange.id(), lines.all());
    }

    private static void way(ExchangeRecord exchange, Lines lines) {
        lines.say("site", exchange.site() == null ? "none" : exchange.site());
        Route route = exchange.route();
        if (route != null) {
            lines.say("route", route.path().isEmpty() ? "none took it" : route.path());
        }
        Admission admission = exchange.admission();
        if (admission != null) {
            lines.say(
                    "auth",
                    admission.backend() + " answered " + admission.status() + " after "
                            + admission.nanos() / NANOS_IN_MILLI + " ms"
                            + (admission.isYes() ? "" : ", which the client was told"));
        }
        Server server = exchange.server();
        if (exchange.backend() != null) {
            lines.say(
                    "backend",
                    exchange.backend()
                            + (server == null
                                    ? ", no server was chosen"
                                    : ", server " + server.name()
                                            + (exchange.reusedConnection() ? ", on an open connection" : "")
                                            + (exchange.retries() == 0
                                                    ? ""
                                                    : ", tried again " + exchange.retries() + " times")));
        }
        if (exchange.leftOut() > 0) {
            lines.say("left out", exchange.leftOut() + " headers for their names (keep-header-names)");
        }
    }

    private static void times(ExchangeRecord exchange, Lines lines) {
        StringJoiner times = new StringJoiner(", ");
        time(times, "head", exchange.headTime());
        time(times, "queue", exchange.queueTime());
        time(times, "connect", exchange.connectTime());
        time(times, "response", exchange.responseTime());
        time(times, "all", exchange.totalTime());
        lines.say("time", times + "; " + exchange.bytesIn() + " bytes in, " + exchange.bytesOut() + " out");
    }

    private static void time(StringJoiner times, String what, long nanos) {
        if (nanos != ExchangeRecord.NEVER) {
            times.add(what + " " + nanos / NANOS_IN_MILLI + " ms");
        }
    }
}
