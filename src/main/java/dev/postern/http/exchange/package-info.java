/**
 * One request and its response ({@link dev.postern.http.exchange.Exchange}), whatever protocol either side speaks.
 *
 * <p>An exchange meets its client as a {@link dev.postern.http.exchange.ClientStream}, its server as a {@link
 * dev.postern.http.exchange.ServerStream} that {@link dev.postern.http.exchange.ServerConnections} gave it. That stream asks an
 * {@link dev.postern.http.exchange.OutgoingRequest} what to write, tells a {@link dev.postern.http.exchange.ResponseReceiver} what
 * comes back, and knows no exchange. {@code RetryLadder} decides whether once more (retry policy, retry budget) and keeps a client
 * with its server; {@code dial.Dial} finds the server. {@code RequestWriter} and {@code ForwardedHeaders} are what a server is
 * sent, {@code ErrorResponses} what we answer ourselves. {@link dev.postern.http.exchange.Worker} is what all client connections of
 * one event loop share with their exchanges; all that the loop has towards servers is {@link
 * dev.postern.http.exchange.TowardsServers}. A protocol is a package that implements {@code wire.ClientConnection}, {@code ClientStream},
 * {@code ServerConnections} and {@code ServerStream}.
 *
 * <p>Event loop only, but where a method says otherwise. What an exchange ends with is in its {@link
 * dev.postern.http.exchange.ExchangeRecord}, and goes to {@link dev.postern.http.exchange.ExchangeObserver} exactly once.
 */
@NullMarked
package dev.postern.http.exchange;

import org.jspecify.annotations.NullMarked;
