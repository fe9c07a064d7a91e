/**
 * Reads a Caddyfile and writes a configuration of Postern. {@code Tokens} cuts files into words as Caddy does, {@code Caddyfile} puts
 * snippets, files and variables in and makes blocks of them; {@code Matchers} turns matchers into what a route can ask; {@code
 * SiteRoutes} makes the routes of a block in Caddy's order of directives ({@code Order}), with {@code Overlays} for what is said of
 * requests beside their answer; {@code Guards} knows what keeps somebody out, {@code ReverseProxy}
 * writes backends, and {@code Blocks} decides which blocks share a listener.
 *
 * <p>The door is {@link dev.postern.migrate.caddy.CaddyImport}. Blocks; one thread; changes nothing.
 */
@NullMarked
package dev.postern.migrate.caddy;

import org.jspecify.annotations.NullMarked;
