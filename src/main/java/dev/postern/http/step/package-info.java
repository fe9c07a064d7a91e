/**
 * What may happen to a request before it is answered, in the order of {@code listener.Pipelines}: each step passes the
 * exchange on, answers it, or fails it. What is new at the edge of a site is a step, and a line there.
 *
 * <p>The only room of {@code http} that meets the life of the certificates, at one read-only table: open challenges.
 */
@NullMarked
package dev.postern.http.step;

import org.jspecify.annotations.NullMarked;
