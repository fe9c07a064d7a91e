/**
 * Host → site → path → what to do: a {@link dev.postern.route.RouteTable} is made of the configuration, immutable, and replaced
 * as a whole by a reload. {@link dev.postern.route.PathRule} is the one form of a path, so that what a route was chosen by is what the server
 * reads (path confusion). Pure functions; any thread.
 */
@NullMarked
package dev.postern.route;

import org.jspecify.annotations.NullMarked;
