/**
 * An ACME server (<a href="https://datatracker.ietf.org/doc/html/rfc8555">RFC 8555</a>) before {@link
 * dev.postern.ca.InternalCa}, for {@code postern demo}, for tests and for the simulation; nobody's certificates depend on
 * it. It has the limits, profiles, renewal information and oddities of the CAs in the world, and fails when it is told to
 * ({@link dev.postern.ca.acme.AcmeFaults}).
 *
 * <p>{@link dev.postern.ca.acme.AcmeService} is the server without a network, {@link dev.postern.ca.acme.AcmeServer} HTTP
 * around it. A request goes {@code AcmeServer} (HTTP: {@code HttpPort}, {@code HttpConnection}) → {@code AcmeService} → {@code AcmeRoutes} (path → resource) → {@code
 * SignedRequest} (who asks) → {@code AccountResources}, {@code OrderResources} or {@code CertificateResources} → {@code
 * AcmeReply}. Challenges are looked at by a {@code ChallengeValidator}.
 *
 * <p>A thread of the executor in {@code AcmeOptions} for each connection and each validation, and all of them may block.
 * What the server knows is {@code AcmeState}, which is to be had through the {@code AcmeDoor} only, by one at a time.
 */
@NullMarked
package dev.postern.ca.acme;

import org.jspecify.annotations.NullMarked;
