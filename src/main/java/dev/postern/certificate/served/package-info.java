/**
 * Where connections meet the certificates, and all that they may see of them: {@link
 * dev.postern.certificate.served.CertificateTable} (server name → certificate), {@link
 * dev.postern.certificate.served.ChallengeTable} (token → key authorization, with the {@link
 * dev.postern.certificate.served.ReachabilityProbe} for tokens of our own) and {@link
 * dev.postern.certificate.served.AlpnChallengeTable}. Written by the care of certificates and by the solvers that orders use, read by
 * event loops, which never wait for a writer.
 *
 * <p>Nothing here knows a store, a renewal or a CA. A package on the way of a request may use this one and no other of the
 * certificates.
 */
@NullMarked
package dev.postern.certificate.served;

import org.jspecify.annotations.NullMarked;
