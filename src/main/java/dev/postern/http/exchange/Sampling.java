package dev.postern.http.exchange;

import java.util.random.RandomGenerator;

/**
 * How requests are traced.
 *
 * @param perMille of the traces that begin here so many in a thousand are told
 * @param random what ids are made of; of one event loop alone
 */
public record Sampling(int perMille, RandomGenerator random) {}
