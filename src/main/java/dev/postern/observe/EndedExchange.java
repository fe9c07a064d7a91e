package dev.postern.observe;

import dev.postern.http.exchange.ExchangeRecord;

/**
 * An exchange that is over, and when that was.
 *
 * @param endedMillis since 1970
 */
public record EndedExchange(ExchangeRecord exchange, long endedMillis) {}
