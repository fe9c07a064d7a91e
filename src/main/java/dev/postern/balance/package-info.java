/**
 * Which server of a backend gets the next exchange (load balancing). {@link dev.postern.balance.LoadBalancer} takes a place at
 * a server, a {@link dev.postern.balance.Lease}, which its holder gives back; a {@link dev.postern.balance.Selector} is one way to choose, remade as a
 * snapshot whenever servers come, go or change: round robin, least connections, power of two choices, consistent hashing with bounded load, and so on.
 *
 * <p>{@code WaitingLine} is where exchanges wait while every server is full, or that of their cookie; {@code RetryBudget} keeps retries few; where none of several is up, all are tried that do not drain (panic mode). Any thread: places
 * are counted by atomics; the line, and the making of the next snapshot, are locks that are held for a few steps of memory.
 */
@NullMarked
package dev.postern.balance;

import org.jspecify.annotations.NullMarked;
