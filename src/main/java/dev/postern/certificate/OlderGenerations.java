package dev.postern.certificate;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is shown for the names of a site that its current generation lacks, such as one that cannot be proven any more: the
 * newest older generation that covers them and is good, for as long as it is. Nobody has to wait for those clients to be
 * refused. Immutable.
 *
 * @param names of the site, which the current generation does not cover
 * @param newestFirst those before the current one that cover any of them, expired or not; none is revoked
 */
record OlderGenerations(List<String> names, List<Generation> newestFirst) {
    static final OlderGenerations NONE = new OlderGenerations(List.of(), List.of());

    OlderGenerations {
        names = List.copyOf(names);
        newestFirst = List.copyOf(newestFirst);
    }

    /** What to show for which name at this time; a name that nothing good covers is left out. */
    Map<String, Generation> at(Instant now) {
        if (newestFirst.isEmpty()) {
            return Map.of();
        }
        Map<String, Generation> shown = new LinkedHashMap<>();
        for (String name : names) {
            newestFirst.stream()
                    .filter(one ->
                            one.certificate().covers(name) && !one.certificate().isExpired(now))
                    .findFirst()
                    .ifPresent(one -> shown.put(name, one));
        }
        return shown;
    }
}
