/**
 * Years of certificates in seconds: the real care of certificates in a world that is made up.
 *
 * <pre>
 *                         Simulation ── Scenario, Faults, Calamity ──► Outcome
 *                             │
 *   World (seed, time, events, strands, history)            Witness (the promises)
 *     │                                                        ▲ looks at
 *   Machine ── WallClock, SimulatedDisk, restarts              │
 *     └─ SimulatedProcess: Store, Renewals, AcmeIssuer, the real ones, one life of them
 *            │ files: GatedFileSystem      │ threads: StrandExecutor      │ requests: SimulatedNetwork
 *            ▼                             ▼                              ▼
 *        SimulatedDisk, in memory      one at a time                  SimulatedCa: AcmeService
 * </pre>
 *
 * <p>Everything happens on one thread at a time and in an order that the seed decides: the same seed gives the same
 * history, line by line. What is not simulated: Quartz (its triggers are events), TLS and the request path. Signatures are
 * digests with their form, see {@code SimulatedSignatures}.
 */
@NullMarked
package dev.postern.simulation;

import org.jspecify.annotations.NullMarked;
