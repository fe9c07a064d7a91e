/**
 * What a CA is to us, whoever it is and however it is spoken to: {@link dev.postern.certificate.issuer.CertificateIssuer} turns a
 * {@link dev.postern.certificate.issuer.CertificateRequest} into an {@link dev.postern.certificate.issuer.IssuedCertificate} or an
 * {@link dev.postern.certificate.issuer.IssueFailure}, which says whose fault it was; on the way it proves names with a {@link
 * dev.postern.certificate.issuer.ChallengeSolver} and notes in an {@link dev.postern.certificate.issuer.OrderJournal} what a crash
 * must not lose.
 *
 * <p>Words and interfaces: {@code acme} and {@code ca} implement them, the care of certificates uses them, and neither needs to know
 * the other. An issuer blocks for as long as a CA takes, on a thread of the orders, with no lock held.
 */
@NullMarked
package dev.postern.certificate.issuer;

import org.jspecify.annotations.NullMarked;
