/**
 * What other programs have that is of use here. {@link dev.postern.migrate.CertbotImport} makes requests ({@code control}) of
 * what is in certbot's directory: certificates and the accounts that ordered them; {@code cli} has these done one after the
 * other, by the daemon where one runs, which checks everything again.
 *
 * <p>Configurations of other proxies are read in packages inside, one for each language. What they have in common is here: {@code
 * Mapping}, the configuration that comes out; {@code Note}, what stands in it of a line that could not be carried over; {@code Tally},
 * which knows of each line what became of it; and {@code SiteDraft}, a site with its {@code Routing} before it is written.
 *
 * <p>Reads the other program's files with the rights of whoever runs the command, and changes none of them. Blocks; one thread.
 */
@NullMarked
package dev.postern.migrate;

import org.jspecify.annotations.NullMarked;
