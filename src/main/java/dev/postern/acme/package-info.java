/**
 * Certificates from a CA over ACME (<a href="https://datatracker.ietf.org/doc/html/rfc8555">RFC 8555</a>), with acme4j.
 *
 * <p>Start reading at {@code AcmeIssuer}; {@code OrderSteps} is one order from its beginning or from where a crash left
 * it, with {@code Beginning}, {@code Proof} and {@code ChainChoice} for its parts; {@code Conversation} is what each of
 * them asks the CA through, over a {@code CaTransport}; {@code Refusal} is the table of what a CA says no with. What acme4j 4.0.0 leaves open is closed here, and nowhere else:
 *
 * <ul>
 *   <li>its waits end at once, or with an unchecked exception, where our clock and the CA's differ: {@code Polling} waits
 *       on the monotonic clock, and {@code CaHttp} reads {@code Retry-After} relative to the CA's own {@code Date};
 *   <li>its timeout ends at the response head, a body that stalls blocks for ever: {@code CaHttp} reads whole responses
 *       under one deadline;
 *   <li>it drops the {@code Retry-After} of a 503: {@code CaHttp} keeps it;
 *   <li>one session sends one request at a time: each order has a session of its own;
 *   <li>it throws unchecked exceptions: {@code AcmeIssuer} catches them at the edge of the package;
 *   <li>it cannot read PKCS#8 keys: {@code pki.Pem} does;
 *   <li>it finds one link in a {@code Link} header, and no chain by the common name of its issuer: {@code CaHttp} parts
 *       the links, {@code ChainChoice} chooses;
 *   <li>one challenge that it cannot read hides the others: {@code Proof} reads those that we know.
 * </ul>
 */
@NullMarked
package dev.postern.acme;

import org.jspecify.annotations.NullMarked;
