/**
 * Where connections come in. A {@link dev.postern.listener.Listener} accepts on the addresses of one kind (https, http, the side port
 * for challenges, admin), within {@link dev.postern.listener.ConnectionLimit}; {@link dev.postern.listener.Pipelines} is the
 * list of every handler of every protocol in order, and of the steps of a request: start reading there.
 *
 * <p>A connection may begin with a PROXY header, where the configuration says so; {@code ReadProxyHeader} waits for it, and the
 * rest is built for the client that it names. Sockets are bound and closed by {@code app}'s threads, accepted on the first
 * event loop, and handed to the others in turn.
 */
@NullMarked
package dev.postern.listener;

import org.jspecify.annotations.NullMarked;
