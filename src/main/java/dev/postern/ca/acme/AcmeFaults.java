package dev.postern.ca.acme;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.random.RandomGenerator;

/**
 * What is to go wrong at an {@link AcmeService}: rules that may be added and removed at any time, by any thread. The
 * first early fault that applies decides; late ones add up.
 */
public final class AcmeFaults {
    private final RandomGenerator random;
    private final List<Rule> rules = new CopyOnWriteArrayList<>();

    /** @param random decides about {@link Rule#chance}; asked under a lock, so a seed makes it repeatable on one thread */
    public AcmeFaults(RandomGenerator random) {
        this.random = random;
    }

    /** One fault for some kinds of requests: every time, unless told otherwise. */
    public final class Rule {
        private final Set<AcmeRequest> requests;
        private final Fault fault;
        private long left = Long.MAX_VALUE;
        private double chance = 1;
        private long happened;

        private Rule(Set<AcmeRequest> requests, Fault fault) {
            this.requests = requests;
            this.fault = fault;
        }

        /** So often, then never again. */
        public Rule times(long count) {
            synchronized (AcmeFaults.this) {
                left = count;
            }
            return this;
        }

        /** Each time with this probability, 0 to 1. */
        public Rule chance(double probability) {
            synchronized (AcmeFaults.this) {
                chance = probability;
            }
            return this;
        }

        public void remove() {
            rules.remove(this);
        }

        /** How often it did. */
        public long happened() {
            synchronized (AcmeFaults.this) {
                return happened;
            }
        }

        private boolean draw() {
            synchronized (AcmeFaults.this) {
                if (left <= 0 || (chance < 1 && random.nextDouble() >= chance)) {
                    return false;
                }
                left--;
                happened++;
                return true;
            }
        }
    }

    public Rule on(AcmeRequest request, Fault fault) {
        return on(EnumSet.of(request), fault);
    }

    public Rule on(Set<AcmeRequest> requests, Fault fault) {
        Rule rule = new Rule(Set.copyOf(requests), fault);
        rules.add(rule);
        return rule;
    }

    public Rule onEveryRequest(Fault fault) {
        return on(EnumSet.allOf(AcmeRequest.class), fault);
    }

    public void clear() {
        rules.clear();
    }

    <T extends Fault> Optional<T> first(AcmeRequest request, Class<T> kind) {
        for (Rule rule : rules) {
            if (rule.requests.contains(request) && kind.isInstance(rule.fault) && rule.draw()) {
                return Optional.of(kind.cast(rule.fault));
            }
        }
        return Optional.empty();
    }

    <T extends Fault> List<T> all(AcmeRequest request, Class<T> kind) {
        List<T> all = new ArrayList<>();
        for (Rule rule : rules) {
            if (rule.requests.contains(request) && kind.isInstance(rule.fault) && rule.draw()) {
                all.add(kind.cast(rule.fault));
            }
        }
        return all;
    }
}
