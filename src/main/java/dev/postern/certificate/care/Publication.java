package dev.postern.certificate.care;

import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Generation;
import dev.postern.certificate.store.OlderGenerations;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Whether the table presents the certificate of a site: published while it is good, withdrawn when it has expired; and so
 * are older ones, for the names that it lacks. Whoever owns it guards it: the state of the site, or the files of the
 * operator.
 *
 * <p>Every {@code now} here is the earlier one of what our clock and the CAs' say: a clock that is ahead must not take a
 * good certificate away.
 */
final class Publication {
    private static final Logger LOG = LoggerFactory.getLogger(Publication.class);

    private final Site site;
    private boolean published;
    private StandIns standIns = StandIns.NONE;
    /** What the table presents for names that the certificate lacks. */
    private Map<String, Generation> lent = Map.of();

    private boolean retired;

    Publication(Site site) {
        this.site = site;
    }

    /** Whether the certificate itself is presented. */
    boolean isPublished() {
        return published;
    }

    /**
     * From now on the names are no longer its own: what the table presents for them is not its business. Nor is anything
     * of the site written any more by whoever owns this; its order is not resumed here, the journal stays.
     */
    void retire() {
        retired = true;
        published = false;
        lent = Map.of();
    }

    boolean isRetired() {
        return retired;
    }

    /** Presented where the site has nothing of its own, from the next {@link #show} on, until it has its own for every name. */
    void standIn(StandIns before) {
        standIns = before;
    }

    StandIns standIns() {
        return standIns;
    }

    /** What is presented for names that the certificate lacks. */
    Map<String, Generation> lent() {
        return lent;
    }

    /** Shows what was read: a certificate that is good now, or nothing. */
    void show(@Nullable Certificate certificate, OlderGenerations older, CertificateTable table, Instant now) {
        present(certificate == null || certificate.isExpired(now) ? null : certificate, older, table, now);
    }

    /** Follows the dates of the certificates it shows, also where the clock was set back. */
    void follow(@Nullable Certificate certificate, OlderGenerations older, CertificateTable table, Instant now) {
        if (retired) {
            return;
        }
        Certificate good = certificate == null || certificate.isExpired(now) ? null : certificate;
        if (certificate != null && good == null && published) {
            LOG.error(
                    "{}: the certificate expired on {}; withdrawn, handshakes are refused until a new one is there",
                    site.name(),
                    certificate.notAfter());
        }
        if ((good != null) != published || !lent.equals(lent(good, older, now))) {
            present(good, older, table, now);
        }
    }

    private Map<String, Generation> lent(@Nullable Certificate certificate, OlderGenerations older, Instant now) {
        if (standIns.isNone()) {
            // Almost always, and asked for each of thousands with each sweep.
            return older.at(now);
        }
        Map<String, Generation> next = standIns.at(now);
        next.keySet().removeIf(name -> certificate != null && isFor(certificate, name));
        next.putAll(older.at(now));
        return next;
    }

    private static boolean isFor(Certificate certificate, String name) {
        return name.equals(Site.ANY) || certificate.covers(name);
    }

    /**
     * For those names of the site that it covers; the others present what is older, or nothing. Clients that name nobody's
     * site get it though no certificate covers what they have named: the operator has said so.
     */
    private void present(@Nullable Certificate certificate, OlderGenerations older, CertificateTable all, Instant now) {
        if (retired) {
            return;
        }
        CertificateTable table = all.of(site);
        Map<String, Generation> next = lent(certificate, older, now);
        List<String> refused = new ArrayList<>(site.servedNames());
        if (certificate != null) {
            List<String> covered =
                    refused.stream().filter(name -> isFor(certificate, name)).toList();
            table.publish(covered, certificate);
            refused.removeAll(covered);
            if (refused.isEmpty()) {
                standIns = StandIns.NONE;
            }
        }
        next.forEach((name, one) -> table.publish(List.of(name), one.certificate()));
        refused.removeAll(next.keySet());
        if (!refused.isEmpty()) {
            table.withdraw(refused);
        }
        published = certificate != null;
        Map<String, Generation> before = lent;
        lent = next;
        tell(before, now);
    }

    private void tell(Map<String, Generation> before, Instant now) {
        Map<Generation, List<String>> begun = new LinkedHashMap<>();
        Map<Generation, List<String>> ended = new LinkedHashMap<>();
        lent.forEach((name, one) -> {
            Generation known = before.get(name);
            if (known == null || !known.certificate().isSame(one.certificate())) {
                begun.computeIfAbsent(one, first -> new ArrayList<>()).add(name);
            }
        });
        before.forEach((name, one) -> {
            if (!lent.containsKey(name) && one.certificate().isExpired(now)) {
                ended.computeIfAbsent(one, first -> new ArrayList<>()).add(name);
            }
        });
        begun.forEach((one, names) -> LOG.atLevel(published ? Level.WARN : Level.INFO)
                .log(
                        "{}: {} {}; an older one, serial {}, is served there until {}, and then none",
                        site.name(),
                        published ? "its certificate is not for" : "has no certificate of its own yet for",
                        String.join(", ", names),
                        one.certificate().serialText(),
                        one.certificate().notAfter()));
        ended.forEach((one, names) -> LOG.error(
                "{}: the older certificate of {}, serial {}, expired on {}; withdrawn, handshakes are refused until one"
                        + " is there that covers {}",
                site.name(),
                String.join(", ", names),
                one.certificate().serialText(),
                one.certificate().notAfter(),
                names.size() == 1 ? "it" : "them"));
    }
}
