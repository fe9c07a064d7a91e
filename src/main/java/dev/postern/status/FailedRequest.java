package dev.postern.status;

import dev.postern.backend.Server;
import dev.postern.config.Addresses;
import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.observe.EndedExchange;
import dev.postern.wire.Failure;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A request that failed through no fault of its client.
 *
 * @param reason as in the access log; {@code status} where a server answered so
 * @param detail in words; empty where there are none
 * @param status as the client was told; 0 where it was told nothing
 * @param target path and query; null where they could not be read
 * @param millis from its first byte to its end
 */
public record FailedRequest(
        Instant at,
        String id,
        String reason,
        String detail,
        int status,
        String client,
        @Nullable String method,
        @Nullable String host,
        @Nullable String target,
        @Nullable String site,
        @Nullable String backend,
        @Nullable String server,
        long millis) {
    private static final long NANOS_IN_MILLI = 1_000_000;

    static FailedRequest of(EndedExchange ended) {
        ExchangeRecord exchange = ended.exchange();
        Failure failure = exchange.failure();
        Server server = exchange.server();
        return new FailedRequest(
                Instant.ofEpochMilli(ended.endedMillis()),
                exchange.id(),
                failure == null ? "status" : failure.reason(),
                failure == null ? "" : exchange.detail(),
                exchange.status(),
                Addresses.text(exchange.clientAddress()),
                exchange.method(),
                exchange.host(),
                exchange.target(),
                exchange.site(),
                exchange.backend(),
                server == null ? null : server.name(),
                exchange.totalTime() / NANOS_IN_MILLI);
    }
}
