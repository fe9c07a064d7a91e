/**
 * Looks for what would make an order fail before it is sent: addresses, our own answer over them, CAA, the clock. It
 * reports; it keeps an order from being sent only where that would fail for certain.
 */
@NullMarked
package dev.postern.preflight;

import org.jspecify.annotations.NullMarked;
