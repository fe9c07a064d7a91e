/**
 * What is stored: {@link dev.postern.certificate.store.CertificateStore} is the door, one process at a time. In it a {@link
 * dev.postern.certificate.store.SiteFolder} for each site ({@link dev.postern.certificate.store.Generations}, each a {@code
 * GenerationFolder} and read as a {@link dev.postern.certificate.store.Generation}; {@code OrderFile}s; the history; {@link
 * dev.postern.certificate.store.ToldRenewal}) and an {@link dev.postern.certificate.store.AccountFolder} for each issuer. Everything is
 * written by {@link dev.postern.disk.DurableFiles}: whole, synced, renamed.
 *
 * <p>Everything here waits for the disk and nothing for a network: not on an event loop. Nothing here is locked within the process:
 * each site is written by one thread at a time, which {@code care} sees to with the monitor of the site. It knows what is stored and
 * not why: nothing of what is served, ordered or allowed.
 */
@NullMarked
package dev.postern.certificate.store;

import org.jspecify.annotations.NullMarked;
