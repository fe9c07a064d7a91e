/**
 * What an operator asks for: {@link dev.postern.certificate.operate.CertificateOperations}, which {@link
 * dev.postern.certificate.operate.SiteOperations} does by the same care, the same locks and the same limits as what is due by itself:
 * {@code OrderOnDemand} puts a site into the queue and waits, {@code Rehearsal} goes to the staging directory, {@code Revocation}
 * revokes and replaces, {@code Explanation} puts the whole decision into words.
 *
 * <p>It uses the care of certificates, which knows nothing of it. Blocking, up to the deadline of an order; any thread but an event
 * loop's.
 */
@NullMarked
package dev.postern.certificate.operate;

import org.jspecify.annotations.NullMarked;
