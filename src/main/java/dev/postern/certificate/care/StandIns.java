package dev.postern.certificate.care;

import dev.postern.certificate.store.Generation;
import dev.postern.pki.Certificate;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What clients are shown for those names of a site for which it has no certificate of its own yet: what they were shown
 * before a reload changed who brings it, as long as that is good. Immutable; what is another site's is followed.
 *
 * @param byName what may stand in, the best first, for each name that it may be shown for
 */
record StandIns(Map<String, List<Candidate>> byName) {
    static final StandIns NONE = new StandIns(Map.of());

    /** What may stand in. */
    interface Candidate {
        /** Null where there is nothing just now. */
        @Nullable Certificate now();
    }

    StandIns {
        byName = Map.copyOf(byName);
    }

    boolean isNone() {
        return byName.isEmpty();
    }

    /** What to show for which name at this time; a name that nothing good is there for is left out. */
    Map<String, Generation> at(Instant now) {
        Map<String, Generation> shown = new LinkedHashMap<>();
        byName.forEach((name, candidates) -> candidates.stream()
                .map(Candidate::now)
                .filter(Objects::nonNull)
                .filter(one -> !one.isExpired(now))
                .findFirst()
                .ifPresent(one -> shown.put(name, new Generation(0, one))));
        return shown;
    }
}
