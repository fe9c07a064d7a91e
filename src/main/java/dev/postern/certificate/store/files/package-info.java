/**
 * What is stored, as files, {@code certs/} by default; {@code certs/README.md} has the layout. {@link
 * dev.postern.certificate.store.files.FileStore} is the door, and all that others see of it is a {@link
 * dev.postern.certificate.store.Store}: no path leaves this room but as text for operators. In it a {@code SiteFolder} for each site
 * ({@code GenerationFolders}, each a {@code GenerationFolder}; {@code OrderFile}s; the history; a {@code ToldFile}) and an {@code
 * AccountFolder} for each issuer, and {@code ChallengeFiles} for what CAs may ask for. A process has all of it or nothing: the lock, and a {@code TokenFile} for where that does not hold.
 * Everything is written by {@link dev.postern.disk.DurableFiles}: whole, synced, renamed.
 */
@NullMarked
package dev.postern.certificate.store.files;

import org.jspecify.annotations.NullMarked;
