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
 * <p>What CAs may ask for is in {@link dev.postern.certificate.store.OpenChallenges}, published before they are told to look: who
 * goes on after a crash answers at once what they come for, before it knows how far the order is. It is found by its token alone, so
 * that whoever shares a store can answer for the others. Connections never ask it: they have the tables in {@code served}.
 *
 * <p>Everything here waits for a disk and nothing for a CA: not on an event loop. Nothing here is locked within the process: each
 * site is written by one thread at a time, which {@code care} sees to with the door of the site. It knows what is stored and not
 * why: nothing of what is served, ordered or allowed.
 */
@NullMarked
package dev.postern.certificate.store;

import org.jspecify.annotations.NullMarked;
