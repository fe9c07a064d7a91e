package dev.postern.certificate.care;

import java.util.random.RandomGenerator;

/** A generator that several threads may draw from, one after the other. */
final class SharedRandom implements RandomGenerator {
    private final RandomGenerator random;

    SharedRandom(RandomGenerator random) {
        this.random = random;
    }

    @Override
    public synchronized long nextLong() {
        return random.nextLong();
    }
}
