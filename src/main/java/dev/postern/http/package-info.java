/**
 * A request, from the bytes of its head to the line of the log. The way through, with the room each step is in:
 *
 * <pre>
 *   client                                                                        what may end it here
 *     │ bytes
 *   h1.Http1ClientConnection, h2.Http2ClientConnection  (exchange.Turns: fair    head_timeout, keep-alive, floods
 *     │                                                  shares of the loop)
 *   message.HeadParser, RequestHead                     one strict parser, and   400 … 431: ErrorResponses
 *     │                                                 h2.Http2Heads before it
 *   exchange.Exchange                                   one request and its response
 *     │  exchange.RequestSteps (filter chain)
 *     │  step.*: RelayAcmeChallenge, RefuseWhenMemoryIsShort, RedirectToHttps,   each may answer: 308, 401, 404, 421,
 *     │          RouteToSite, Authenticate                                       429, 503 (wire.Failure)
 *   exchange.RetryLadder                                whether once more (retries), stickiness
 *   dial.Dial                                           which server: balance.LoadBalancer; waits in its line where
 *     │                                                 all are busy
 *   exchange.ServerConnections                          one that is there, or dial.AddressRace for a new one
 *     │  h1.Http1ServerConnections (pool), h2.Http2ServerConnections (streams)
 *   exchange.ServerStream: h1.Http1ServerConnection, h2.Http2ServerStream        502, 504: wire.Failure.ByServer
 *     │ exchange.RequestWriter                          the request anew
 *   server
 *     │ bytes
 *   message.MessageDecoder, ResponseHead                as strict as for requests
 *   exchange.ResponseReceiver (the exchange)            back-pressure: pauseResponse, resumeResponse
 *     │  coding.ResponseCompression
 *   exchange.ClientStream: h1.ResponseWriter, h2.Http2ClientStream
 *     │ wire.SendQueue                                  timeouts.response, slow readers
 *   client
 *     │
 *   exchange.ExchangeObserver.ended                     metrics and the access log, whatever the end
 * </pre>
 *
 * <p>Rooms, and what each may use: {@code message} (heads, bodies, fields; no connection), {@code coding} (compression),
 * {@code exchange} (one request, whatever it came by and goes by), {@code h1} and {@code h2} (the two protocols, towards
 * clients and servers; neither knows the other), {@code step} (what may happen to a request before it is answered). The
 * table is in {@code ArchitectureTest}.
 *
 * <p>Threads: a connection lives on one event loop, its server connections and streams on the same one; nothing here is
 * shared between loops but {@code Routing} (an immutable snapshot), {@code RateLimiter}, {@code Logins} and the budgets of
 * {@code backend}. Nothing blocks; passwords are compared by {@code Logins} on threads of its own. Timeouts are looked at by
 * the sweep of {@code exchange.Worker}. Each buffer has one owner: whoever is handed one lets it go.
 */
@NullMarked
package dev.postern.http;

import org.jspecify.annotations.NullMarked;
