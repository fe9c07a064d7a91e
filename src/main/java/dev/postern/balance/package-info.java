/**
 * Which server of a backend gets the next exchange (load balancing). {@link dev.postern.balance.LoadBalancer} takes a place at
 * a server and gives it back when the exchange is over; a {@link dev.postern.balance.Selector} is one way to choose, remade as a
 * snapshot whenever servers come, go or change: round robin, least connections, power of two choices, consistent hashing with bounded load, and so on.
 *
 * <p>{@code WaitingLine} is where exchanges wait while every server is full; {@code RetryBudget} keeps retries few; below the panic threshold those that are down are tried too. Any thread: places are counted by
 * atomics, the line is the only lock, and it is held for a few steps of memory.
 */
@NullMarked
package dev.postern.balance;

import org.jspecify.annotations.NullMarked;
