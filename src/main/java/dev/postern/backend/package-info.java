/**
 * Servers, and what is known of them: where they are (names are resolved again and again, {@code Name}, {@code Names}), and how
 * (active health checks, {@link dev.postern.backend.HealthChecks}; outlier detection by what they answer, {@link dev.postern.backend.Server}; slow
 * start). A {@link dev.postern.backend.Backend} is a named group of them; {@link dev.postern.backend.BackendWatch} keeps all of
 * it up to date.
 *
 * <p>{@link dev.postern.backend.ConnectionPool} belongs to one event loop; {@link dev.postern.backend.ServerBudget} is shared by
 * all of them: how many connections there may be. State of a server is read without a lock on the way of a request.
 */
@NullMarked
package dev.postern.backend;

import org.jspecify.annotations.NullMarked;
