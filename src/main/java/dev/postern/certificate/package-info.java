/**
 * The certificates of all sites: what is served, what is stored, and what is ordered when. Here is the map; the classes are in the
 * rooms, of which each uses those below it:
 *
 * <pre>
 *   operate    what an operator asks for              CertificateOperations
 *   care       what is ordered when, and then         Renewals
 *   limits     what may still be asked of a CA        Ledgers
 *   store      what is stored                         Store
 *   policy     when it is due, as pure functions      RenewalPolicy
 *   served     all that connections may see           CertificateTable, challenges
 *   issuer     what a CA is to us                     CertificateIssuer
 * </pre>
 *
 * <p>The way of an attempt, from due to served. On the left what holds it up, on the right what survives a crash:
 *
 * <pre>
 *   schedule        Renewals.wake, .sweep      one site, or all of them: looked at anew each time (SiteCare)
 *                        │
 *                   Upkeep, Outlook.decide     asks RenewalPolicy, a pure function of
 *                        │                     (life of the certificate, RenewalHistory, OrderTerms, now)
 *    Wait ◄──────────────┤
 *                   OrderDispatch.offer
 *                        │
 *    Pace, Ledger ── OrderQueue.next           whose turn it is, over all sites; four in flight
 *                        │
 *                   OrderDispatch.begin        decides once more: it may have waited for long
 *                        │
 *                   OrderRun                   on a thread of the orders, leading the site: the issuers in turn
 *                        │
 *    staging ─────── IssuerTurn                one issuer: charged before it is asked ────────► ledger.json
 *                        │
 *                   CertificateIssuer.issue    in acme and ca; each step    through FencedJournal ► order.json
 *                        │
 *                   Installer.issued           checks what came
 *                        │
 *                   SiteCertificate.install    Generations.store: written, synced, renamed ────► &lt;n&gt;/, current
 *                        │                     the journal is cleared, the next renewal drawn ──► renewal.json
 *                   Publication.show           CertificateTable: from now on handshakes present it
 *                        │
 *                   Announcements, ServedWatch hooks and metrics are told; we connect to ourselves and compare
 *                        │
 *                   SiteCare.ended             the place in the queue is free; the site is looked at anew
 *
 *   where it fails: Installer.failed, SiteState.failed ────────────────────────────────────────► renewal.json
 * </pre>
 *
 * <p>Who knows what:
 *
 * <ul>
 *   <li>Served: {@link dev.postern.certificate.served.CertificateTable} and the two tables of challenges, which
 *       are all that a connection ever meets; {@code Publication} says whether a site is in the table, and with what as long as it
 *       has nothing of its own ({@code StandIns}, from {@code Leaving} sites; {@code SharedSites} for another's); {@code ServedWatch} whether clients see it.
 *   <li>Asked for by a CA: {@code StoredAnswers}, in the two tables and in the store, so that a process which starts in the middle
 *       of an order answers before it goes on with it.
 *   <li>Stored: {@link dev.postern.certificate.store.Store}; in it a {@link dev.postern.certificate.store.SiteStore} for each site
 *       ({@code Generations}, the orders in flight, the history) and an {@link dev.postern.certificate.store.AccountStore} for each
 *       issuer (the key, and the ledger, which {@code StoredLedger} reads). As files these are folders: {@code store.files}.
 *   <li>Known of one site: {@code SiteRecord}, which never changes, and through its door {@code SiteState}: what it has ({@code
 *       SiteCertificate}, and {@code OlderGenerations} for the names that this lacks), what was tried ({@code StoredHistory}).
 *       Made of that: what is to be done ({@code Outlook}), what an order would be ({@code OrderTerms}), what is told of it
 *       ({@code SiteNews}, {@code Explanation}, {@link dev.postern.certificate.policy.SitePlan}). A site whose operator brings the
 *       files is a {@link dev.postern.certificate.care.CertificateFiles}. {@code Sites} has them all, {@code SiteLoading} reads
 *       them where they are thousands.
 *   <li>Shared by all sites: {@code OrderQueue}, {@code Ledgers}, {@code SuggestedWindows}, {@code CaTime}.
 *   <li>Asked for by an operator: {@link dev.postern.certificate.operate.CertificateOperations}, which goes the same way as what is
 *       due by itself: {@code OrderOnDemand}, {@code Rehearsal}, {@code Revocation}; {@code Survey} says what there is.
 *   <li>In memory only, because the disk refused: {@code SiteCertificate}, {@code StoredHistory}, {@code Generations} and {@code
 *       Ledger} each keep what is theirs and write it with a later sweep; a site
 *       whose names change hands it to its successor.
 * </ul>
 *
 * <p>Every lock is the own one of a class, and taken by nobody else ({@code ArchitectureTest}). That of a site is its door:
 * {@code SiteRecord.within} hands out the {@code SiteState}, which is to be had nowhere else, so that whoever uses it holds the lock
 * and the compiler says so. What is done at once with a site is one visit; what is for others (events, hooks, the queue, a
 * question to a CA) is brought out of it and done outside.
 *
 * <p>Locks, in the order in which they may be taken; nothing further up is taken with one further down held:
 *
 * <pre>
 *   SiteRecord, CertificateFiles    one site: its state and its files, which are read, written and synced under it.
 *                                   Never two of them at once, but for SiteRecord.inherit: a predecessor's first, and
 *                                   then that of its successor, which nobody else has yet
 *   OrderQueue                      whose turn it is; memory only. Never together with one of a site
 *   StoredLedger, ChallengeFiles    one write of a ledger, or of what a CA may ask for. Never together with one of the three above
 *   Ledger                          what was used of the limits; memory only, but for the first reading of its file
 *   SharedSites                     who presents another's certificate; memory only
 *   CertificateTable, SharedRandom,
 *   SiteLoading, SuggestedWindows,
 *   ServedWatch, CaTime, ClockSkew  the innermost: none of them calls out while it is held, but CaTime for the skew
 * </pre>
 *
 * <p>No CA is asked and no connection made with any of these held. No event loop takes one but those of {@code SiteLoading},
 * and of {@code CertificateTable} never to read it, but the first time after another site's certificate, which it shares, has changed. {@code WakeUps}, which is called within the door of a site, returns at once.
 *
 * <p>Start reading at {@link dev.postern.certificate.care.Renewals}, then {@code RenewalPolicy} for when, {@code OrderRun} for
 * how, {@code Generations} for where.
 */
@NullMarked
package dev.postern.certificate;

import org.jspecify.annotations.NullMarked;
