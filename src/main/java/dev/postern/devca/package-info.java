/**
 * A certificate authority of our own: {@link dev.postern.devca.InternalCa} keeps a root and signs; {@link
 * dev.postern.devca.InternalIssuer} hands its certificates to the sites of this process, for names that no public CA
 * may certify; {@link dev.postern.devca.AcmeService} puts it behind ACME (<a
 * href="https://datatracker.ietf.org/doc/html/rfc8555">RFC 8555</a>), for {@code postern demo} and for tests,
 * without a network; {@link dev.postern.devca.AcmeServer} is HTTP around it.
 *
 * <p>A request to the ACME server goes {@code AcmeServer} (HTTP) → {@code AcmeService} → {@code AcmeRoutes} (path → resource) → {@code
 * SignedRequest} (who asks) → {@code AccountResources}, {@code OrderResources} or {@code CertificateResources} → {@code
 * AcmeReply}.
 */
@NullMarked
package dev.postern.devca;

import org.jspecify.annotations.NullMarked;
