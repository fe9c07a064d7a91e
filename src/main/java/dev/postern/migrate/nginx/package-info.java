/**
 * Reads a configuration of nginx and writes one of Postern. {@code Tokens} cuts files into words as nginx does, {@code
 * ConfigurationTree} makes blocks of them and puts included files in; {@code Scope} knows what holds in a block because of those
 * around it. {@code Addressing} and {@code
 * Servers} decide which of the server blocks become which sites and listeners, {@code Locations} makes the routes of
 * one, in nginx's order, {@code Settings}, {@code Access} and {@code Clients} what a location says beside its answer, {@code Upstreams} the backends, and {@code
 * Streams} the services.
 *
 * <p>The door is {@link dev.postern.migrate.nginx.NginxImport}. Blocks; one thread; changes nothing.
 */
@NullMarked
package dev.postern.migrate.nginx;

import org.jspecify.annotations.NullMarked;
