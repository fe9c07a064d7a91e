/**
 * Keys and certificates in memory, of whomever they are: as PEM text ({@link dev.postern.pki.Pem}), as a chain and the key that fits
 * it ({@link dev.postern.pki.Certificate}, built by {@link dev.postern.pki.Chains}), and what is asked of a key ({@link
 * dev.postern.pki.Keys}; {@link dev.postern.pki.TlsKeys}: whether handshakes can be made with it). A {@code Certificate} exists only
 * where all of this holds, so that nobody after it asks again.
 *
 * <p>Nothing here knows a store, a CA or a connection, and nothing waits; but signatures are verified and keys are made, which takes
 * milliseconds of a processor: not on an event loop. Any thread; what is remembered of earlier work ({@code ParsedSigners}, {@code
 * VerifiedSignatures}) is bounded.
 */
@NullMarked
package dev.postern.pki;

import org.jspecify.annotations.NullMarked;
