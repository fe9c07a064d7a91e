/**
 * A request, from the bytes of its head to the line of the log. The way through, with the room each step is in:
 *
 * <pre>
 *   client                                                                        what may end it here
 *     │ bytes
 *   h1.Http1ClientConnection, h2.Http2ClientConnection  (exchange.Turns: fair    head_timeout, keep-alive, floods
 *     │                                                  shares of the loop)
 *   message.HeadParser, RequestHead                     one strict parser, and   400, 408, 414, 417, 431, 501, 505
 *     │                                                 h2.Http2Heads before it
 *   exchange.Exchange                                   one request and its response
 *     │  exchange.RequestSteps (filter chain)
 *     │  step.*: RelayAcmeChallenge, RefuseWhenMemoryIsShort, RedirectToHttps,   308, 400, 403, 404, 405, 413, 421, 429,
 *     │          RouteToSite (which asks Authenticate: 401, and AskAuthServer,   503, and what a route answers itself
 *     │          by exchange.Inquiry); others on the side port, the admin listener
 *     │          and for plain HTTP on the TLS port
 *   exchange.RetryLadder                                whether once more (retries), stickiness
 *   dial.Dial                                           which server: balance.LoadBalancer; waits in its line where all
 *     │                                                 are busy                 503 none_available, queue_…, out_of_…
 *   exchange.ServerConnections                          one that is there, or
 *     │  h1.Http1ServerConnections (pool),              dial.AddressRace for a   503 connect_…, name_unresolved
 *     │  h2.Http2ServerConnections (streams)            new one
 *   exchange.ServerStream: h1.Http1ServerConnection, h2.Http2ServerStream        502 malformed_…, closed_…; 503 refused
 *     │ exchange.RequestWriter                          the request anew, for either protocol
 *   server                                                                       504 response_timeout: the exchange's
 *     │ bytes
 *   message.MessageDecoder, ResponseHead                as strict as for requests
 *   exchange.ResponseReceiver (the exchange)            back-pressure: ServerStream.pauseResponse, resumeResponse
 *     │  coding.ResponseStage (compression)             or, once protocols are switched, a tunnel.Tunnel
 *   exchange.ClientStream: h1.Http1ClientConnection (h1.ResponseWriter), h2.Http2ClientStream
 *     │ wire.SendQueue                                  exchange.ResponsePace: response_not_taken
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
 * <p>What goes from one protocol to another is said once, whoever speaks what: a request to a server is what
 * {@code exchange.RequestWriter} writes, in the words of HTTP/1.1, from which {@code h2} takes its pairs (values that are put
 * together of several need a place for that in any case); a response to a client has the fields that
 * {@code message.ResponseFields} lets pass. What comes over HTTP/2 is spelled out as HTTP/1.1 and read by the one strict parser.
 *
 * <p>Threads: a connection lives on one event loop, its server connections and streams on the same one; shared between
 * loops are {@code Routing} (an immutable snapshot), {@code LoadBalancer} and its servers, {@code RateLimiter}, {@code Logins},
 * {@code MemoryGuard}, {@code h2.WindowBudget} and the budgets of {@code backend}. Nothing blocks; passwords are compared by {@code Logins} on threads of its own. Timeouts are looked at by
 * {@code exchange.Sweep}; those of waiting in line, of connecting and of handshakes are timers. All of it goes by the ticker
 * of the event loop, which tests put forward. Each buffer has one owner: whoever is handed one lets it go.
 */
@NullMarked
package dev.postern.http;

import org.jspecify.annotations.NullMarked;
