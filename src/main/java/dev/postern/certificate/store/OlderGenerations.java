package dev.postern.certificate.store;

import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is shown for the names of a site that its current generation lacks, such as one that cannot be proven any more: the
 * newest older generation that covers them and is good, for as long as it is. Nobody has to wait for those clients to be
 * refused. Immutable.
 *
 * @param names of the site, which the current generation does not cover
 * @param newestFirst those before the current one that cover any of them, expired or not; none is revoked, and an operator
 *     went back from none
 * @param unread what the disk has and did not give: it may the next time
 */
public record OlderGenerations(List<String> names, List<Generation> newestFirst, Set<Integer> unread) {
    public static final OlderGenerations NONE = new OlderGenerations(List.of(), List.of(), Set.of());

    private static final Logger LOG = LoggerFactory.getLogger(OlderGenerations.class);

    public OlderGenerations {
        names = List.copyOf(names);
        newestFirst = List.copyOf(newestFirst);
        unread = Set.copyOf(unread);
    }

    /**
     * What stands in for the names that {@code served} lacks. Most lack none, and then nothing is read.
     *
     * @param served the one that is current, on disk or not
     */
    public static OlderGenerations find(Generations all, List<String> names, Generation served) throws IOException {
        List<String> lacking = names.stream()
                .filter(name -> !served.certificate().covers(name))
                .toList();
        if (lacking.isEmpty()) {
            return NONE;
        }
        List<Generation> older = new ArrayList<>();
        Set<Integer> unread = new HashSet<>();
        for (int number : all.newestFirst()) {
            if ((served.number() > 0 && number >= served.number()) || all.isRolledBack(number)) {
                continue;
            }
            try {
                older.add(new Generation(number, all.read(number, lacking)));
            } catch (IOException e) {
                unread.add(number);
                LOG.debug("{}: stands in for nothing, looked at again with the next sweep", all.describe(number), e);
            } catch (CertificateException e) {
                // Whether it is damaged was said while it was current; most are only for other names.
                LOG.debug("{}: stands in for nothing", all.describe(number), e);
            }
        }
        return new OlderGenerations(lacking, older, unread);
    }

    /** What to show for which name at this time; a name that nothing good covers is left out. */
    public Map<String, Generation> at(Instant now) {
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

    /** The numbers of those that may be shown, whatever the clock says just now. */
    public Set<Integer> needed() {
        Set<Integer> numbers = new HashSet<>(unread);
        newestFirst.forEach(one -> numbers.add(one.number()));
        return numbers;
    }

    /** The numbers of those that are shown, or might be if they could be read. */
    public Set<Integer> neededAt(Instant now) {
        Set<Integer> numbers = at(now).values().stream().map(Generation::number).collect(Collectors.toSet());
        numbers.addAll(unread);
        return numbers;
    }
}
