/**
 * The way to a server, whatever is spoken there.
 *
 * <pre>
 *   Dial                       one for each exchange: chooses a server (LoadBalancer, Lease), waits in line
 *     │                        where all are busy, goes on to the next where one cannot be reached
 *     │  ServerRoom            whether one more connection may be made, and be at work for this client
 *   Connector                  a place on a connection that is there, or a new one; one for each protocol
 *     │
 *   AddressRace                the addresses of a name in turn (Happy Eyeballs)
 * </pre>
 *
 * <p>Whether a request may be sent once more is not decided here: that is the retry policy of whoever dials. Event loop
 * only; nothing blocks, nothing here knows HTTP.
 */
@NullMarked
package dev.postern.dial;

import org.jspecify.annotations.NullMarked;
