/**
 * What is stored, and by which words it is asked for: a {@link dev.postern.certificate.store.Store} is the door, one process at a
 * time. In it a {@link dev.postern.certificate.store.SiteStore} for each site ({@link dev.postern.certificate.store.Generations}, each
 * read as a {@link dev.postern.certificate.store.Generation}; the orders in flight; the history; {@link
 * dev.postern.certificate.store.ToldRenewal}) and an {@link dev.postern.certificate.store.AccountStore} for each issuer. How it is kept
 * is the affair of the room behind it, {@code files}.
 *
 * <p>Sites and accounts are a {@link dev.postern.certificate.store.Locker} each: who orders takes the {@link
 * dev.postern.certificate.store.Lease} of the site, who registers that of the account. Every write carries its token, and is refused
 * ({@link dev.postern.certificate.store.NotLeader}) where another holder has taken over since. {@code StoreContractTest} is what every
 * kind of store has to keep.
 *
 * <p>What is open of challenges is not stored: it is of use as long as its order runs, and whoever goes on with that order after a
 * crash opens it anew. Who shares a store and is to answer for others is told by a {@code ChallengeSolver} of its own.
 *
 * <p>Everything here waits for a disk and nothing for a CA: not on an event loop. Nothing here is locked within the process: each
 * site is written by one thread at a time, which {@code care} sees to with the door of the site. It knows what is stored and not
 * why: nothing of what is served, ordered or allowed.
 */
@NullMarked
package dev.postern.certificate.store;

import org.jspecify.annotations.NullMarked;
