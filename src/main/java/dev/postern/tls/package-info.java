/**
 * Handshakes with clients. {@link dev.postern.tls.SelectCertificate} reads the ClientHello without consuming it, finds the certificate
 * for its server name (SNI), and puts BoringSSL with that certificate in its own place; {@link
 * dev.postern.tls.ServerContexts} has one context for each certificate, made when it is first asked for; {@code EndWithTls} ends the connection
 * when TLS has ended it. Whose clients are asked for a certificate ({@code ClientProof}), it asks {@code identity} what that is worth.
 *
 * <p>Of the life of the certificates this package sees {@code CertificateTable} and {@code AlpnChallengeTable}, both read-only
 * and without a lock: a handshake never waits for a CA. Keys of session tickets rotate by a timer of {@code app}.
 */
@NullMarked
package dev.postern.tls;

import org.jspecify.annotations.NullMarked;
