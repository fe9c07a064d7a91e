package dev.postern.certificate.care;

import dev.postern.certificate.served.CertificateTable;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.time.CaTime;
import dev.postern.time.TimeText;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What clients of a site are shown just now, be it its own certificate, another site's or what stands in: the one question by
 * which readiness, the log, metrics and commands go.
 *
 * @param names those that are looked up for clients, with {@link Site#ANY} where it takes those of nobody
 * @param refused those of them for which clients are shown nothing, or nothing that they take
 * @param until when the first of what is shown ends; null where nothing is
 * @param standIn what is shown in the place of a certificate of its own; null where it has one. The first to end
 */
public record Shown(
        List<String> names,
        List<String> refused,
        @Nullable Instant until,
        @Nullable StandIn standIn) {
    /** Between which times clients take it. */
    public record StandIn(Instant notBefore, Instant notAfter) {}

    /** @param hasOwn whether the site has a certificate of its own, or that of another one */
    static Shown of(Site site, boolean hasOwn, CertificateTable table, CaTime time) {
        Instant earliest = time.earliest();
        Instant latest = time.latest();
        List<String> refused = new ArrayList<>();
        Certificate first = null;
        for (String name : site.servedNames()) {
            Certificate shown = table.of(site).find(name);
            boolean isTaken = shown != null
                    && !shown.isExpired(earliest)
                    && !shown.notBefore().isAfter(latest)
                    && (name.equals(Site.ANY) || shown.covers(name));
            if (shown == null || !isTaken) {
                refused.add(name);
            } else if (first == null || shown.notAfter().isBefore(first.notAfter())) {
                first = shown;
            }
        }
        return new Shown(
                site.servedNames(),
                List.copyOf(refused),
                first == null ? null : first.notAfter(),
                first == null || hasOwn ? null : new StandIn(first.notBefore(), first.notAfter()));
    }

    /** Whether some client is shown something that it takes. */
    public boolean isSomething() {
        return until != null;
    }

    /** The names for which nothing is served; that of nobody is none. */
    public List<String> refusedNames() {
        return without(List.of(Site.ANY));
    }

    /** Those for which something should be served: all but those that are known to fail. */
    List<String> missing(Collection<String> leftOut) {
        return without(leftOut);
    }

    private List<String> without(Collection<String> names) {
        return refused.stream().filter(name -> !names.contains(name)).toList();
    }

    /** What is said of it where an attempt failed. */
    String text(Collection<String> leftOut, Instant now) {
        List<String> missing = missing(leftOut);
        Instant end = until;
        if (end == null) {
            return "no certificate to serve";
        }
        String what = standIn == null ? "current certificate" : "another certificate stands in,";
        String rest = end.isAfter(now)
                ? what + " valid " + TimeText.of(Duration.between(now, end))
                : what + " served still, expired at " + TimeText.at(end);
        return missing.isEmpty() ? rest : "no certificate to serve for " + named(missing) + "; " + rest;
    }

    /** Names in words. */
    public static String named(Collection<String> names) {
        return String.join(
                ", ",
                names.stream()
                        .map(name -> name.equals(Site.ANY) ? "clients that name nobody's site" : name)
                        .toList());
    }
}
