/**
 * Says what would become of a request, and what became of those that are over; changes and sends nothing. {@link
 * dev.postern.explain.RequestExplanation} asks the same tables, in the same order, as the steps of a real request ({@code
 * http.step.RouteToSite}).
 */
@NullMarked
package dev.postern.explain;

import org.jspecify.annotations.NullMarked;
