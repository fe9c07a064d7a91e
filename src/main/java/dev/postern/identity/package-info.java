/**
 * Whom a client proves to be by a certificate: what the files of {@code client-certificates} say of it.
 *
 * <pre>
 *   ClientAuthorities     the files of all sites, read again when they are replaced
 *     LiveAuthority       those of some sites, as they are now
 *       ClientAuthority   what was in them once: judges a chain; pure
 *         RevocationLists whether a certificate of it was taken back
 *   Judgement             what came of it, and until when that holds
 *   ShownFacts            what log and servers are told of a certificate
 * </pre>
 *
 * <p>A package of its own, beneath {@code tls}: it knows no connection, and can be asked again about a client that is connected
 * already. {@code trust} is the other way round, about servers, where a name decides.
 *
 * <p>A path is looked for without ever going back, and a client's certificates cost a bounded number of signatures: whoever
 * connects has us calculate before we know them.
 */
@NullMarked
package dev.postern.identity;

import org.jspecify.annotations.NullMarked;
