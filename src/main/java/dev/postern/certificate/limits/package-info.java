/**
 * What may still be asked of a CA: a {@link dev.postern.certificate.limits.Ledger} of each account keeps what was used ({@code
 * Buckets}), writes it before anything is asked ({@code StoredLedger}), and says when the next thing is allowed; {@link
 * dev.postern.certificate.limits.Ledgers} has them all, staging directories included; {@link dev.postern.certificate.limits.Pace} keeps
 * our orders apart; a {@link dev.postern.certificate.limits.FencedJournal} charges an order when its CA has it.
 *
 * <p>The care of certificates asks it, within the door of a site or not; nobody else does. Charging waits for the disk, on a
 * thread of the orders; asking does not, but for the first reading.
 */
@NullMarked
package dev.postern.certificate.limits;

import org.jspecify.annotations.NullMarked;
