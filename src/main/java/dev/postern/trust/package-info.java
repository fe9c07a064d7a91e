/**
 * Whom a server has to prove to be before it is sent anything: TLS towards servers.
 *
 * <pre>
 *   TlsToServers          how the servers of one backend are spoken to: its contexts, made off the event loop
 *     │  ServerProof      whether the certificate that a server shows is good, and in what words it is not
 *     │  SystemRoots      whom the system trusts
 *   ServerHandshake       one connection: ends in a proof, or in a TlsFault; afterwards the end of what comes
 * </pre>
 *
 * <p>A package of its own, beneath {@code backend}: health checks and requests have to come to the same verdict by the same
 * way, and neither knows the other. {@code tls} is no place for it: that is the handshake with clients, where we are the ones
 * who show a certificate. Nothing here reads a file but {@code SystemRoots}, and that before there is a connection.
 */
@NullMarked
package dev.postern.trust;

import org.jspecify.annotations.NullMarked;
