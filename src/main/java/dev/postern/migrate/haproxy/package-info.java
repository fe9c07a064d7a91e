/**
 * Reads a configuration of HAProxy and writes one of Postern. {@code Sections} cuts the file into lines of words ({@code Words}
 * does so as HAProxy does) and sections; {@code Acls} turns conditions into what a route can ask; then each subject has its
 * class: {@code Binds}, {@code Backends}, {@code HttpSites}, {@code TcpServices}, {@code Settings}. {@code Tally} knows of each
 * line what became of it, and those that nobody has spoken for become comments too.
 *
 * <p>The door is {@link dev.postern.migrate.haproxy.HaproxyImport}. Blocks; one thread; changes nothing.
 */
@NullMarked
package dev.postern.migrate.haproxy;

import org.jspecify.annotations.NullMarked;
