/**
 * A certificate authority of our own, for names that no public CA may certify. {@link dev.postern.ca.InternalCa} keeps a
 * root and signs; {@link dev.postern.ca.InternalIssuer} is the issuer that the care of certificates asks, as it asks any.
 *
 * <p>{@code ca.acme} is the same CA behind ACME; nothing here knows it. Opening, renewing an authority and signing read and
 * write files, and may wait for another process at the folder's lock: never on an event loop. Safe for several threads.
 */
@NullMarked
package dev.postern.ca;

import org.jspecify.annotations.NullMarked;
