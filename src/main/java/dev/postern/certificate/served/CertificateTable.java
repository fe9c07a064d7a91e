package dev.postern.certificate.served;

import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Server name → the certificate to present. Read by every handshake on any event loop, without a lock. An exact name wins
 * over a wildcard, also where there is nothing to present for it: a name that belongs to a site is never answered with
 * the certificate of another. A wildcard stands for exactly one label
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9525#section-6.3">RFC 9525 §6.3</a>). What is published for {@link
 * Site#ANY} is for names that nobody has.
 *
 * <p>Which names there are is one immutable map, replaced where a name is added; what a name presents is one reference
 * that is replaced in its place, so that a renewal among thousands of sites costs no more than among two.
 */
public final class CertificateTable {
    /** Reads a site from the store, of which nothing is known yet but its names. */
    @FunctionalInterface
    public interface Loading {
        /**
         * Reads it before others that nobody waits for. Returns at once.
         *
         * @return complete once the table knows what the site presents, be it nothing
         */
        CompletionStage<?> now();
    }

    /** One name. */
    private static final class Place {
        final String name;
        // Written under the monitor of the table, the certificate before the end of its loading; read by any thread.
        volatile @Nullable Certificate certificate;
        volatile @Nullable Loading loading;
        volatile @Nullable Shared shared;

        Place(String name) {
            this.name = name;
        }

        @Nullable Certificate find() {
            Shared others = shared;
            Certificate theirs = others == null ? null : others.find(name);
            return theirs == null ? certificate : theirs;
        }

        @Nullable Loading loading() {
            Shared others = shared;
            return others == null ? loading : others.loading();
        }
    }

    /** What a site presents that has none of its own: whatever another one does, and as its own. Any thread. */
    public interface View {
        /** What covers this name, or, for {@link Site#ANY}, whatever there is; null where there is nothing, or not yet. */
        @Nullable Certificate find(String name);
    }

    private static final class Shared implements View {
        private final String site;
        private final List<Place> others;
        // Theirs → ours. Replaced under the monitor of this; read by any thread. One object for each, since contexts
        // are kept by it.
        private volatile Map<Certificate, Certificate> own = Map.of();

        Shared(String site, List<Place> others) {
            this.site = site;
            this.others = others;
        }

        @Override
        public @Nullable Certificate find(String name) {
            Certificate best = null;
            for (Place other : others) {
                Certificate theirs = other.certificate;
                // For some of their names they may still show an older one.
                if (theirs != null
                        && theirs != best
                        && (name.equals(Site.ANY) || theirs.covers(name))
                        && (best == null || theirs.notBefore().isAfter(best.notBefore()))) {
                    best = theirs;
                }
            }
            if (best == null) {
                return null;
            }
            Certificate known = own.get(best);
            return known == null ? follow(best) : known;
        }

        private synchronized Certificate follow(Certificate theirs) {
            Certificate known = own.get(theirs);
            if (known != null) {
                return known;
            }
            Certificate made = theirs.forSite(site);
            Map<Certificate, Certificate> next = new HashMap<>();
            for (Place other : others) {
                Certificate shown = other.certificate;
                Certificate kept = shown == null ? null : own.get(shown);
                if (shown != null && kept != null) {
                    next.put(shown, kept);
                }
            }
            next.put(theirs, made);
            own = Map.copyOf(next);
            return made;
        }

        @Nullable Loading loading() {
            for (Place other : others) {
                Loading theirs = other.loading;
                if (theirs != null) {
                    return theirs;
                }
            }
            return null;
        }
    }

    // Replaced under the monitor of this; read by any thread.
    private volatile Map<String, Place> byName = Map.of();

    /** Of the same names, what the second certificates of their sites are; null of that itself. */
    private final @Nullable CertificateTable second;

    public CertificateTable() {
        this(new CertificateTable(null));
    }

    private CertificateTable(@Nullable CertificateTable second) {
        this.second = second;
    }

    /** Where what is presented for {@code site} has its place: this, or, of the second of its two certificates, one behind it. */
    public CertificateTable of(Site site) {
        return site.isSecond() && second != null ? second : this;
    }

    /** As {@link #find}: the second of two certificates of a site, or null. */
    public @Nullable Certificate findSecond(String serverName) {
        return second == null ? null : second.find(serverName);
    }

    /**
     * What to present; null where there is nothing, or not yet: see {@link #loading}.
     *
     * @param serverName lower-case, without a trailing dot; an address where the client named none
     */
    public @Nullable Certificate find(String serverName) {
        Place place = place(serverName);
        return place == null ? null : place.find();
    }

    /** The first of the certificates that there are for this name; null where there is none. */
    public @Nullable Certificate findEither(String serverName) {
        Certificate first = find(serverName);
        return first == null ? findSecond(serverName) : first;
    }

    /** How to learn what this name presents; null where that is known: then ask {@link #find} (again). */
    public @Nullable Loading loading(String serverName) {
        Place place = place(serverName);
        Loading loading = place == null ? null : place.loading();
        return loading != null || second == null ? loading : second.loading(serverName);
    }

    private @Nullable Place place(String serverName) {
        Map<String, Place> table = byName;
        Place exact = table.get(serverName);
        if (exact != null) {
            return exact;
        }
        int dot = serverName.indexOf('.');
        Place wildcard = dot <= 0 ? null : table.get("*" + serverName.substring(dot));
        return wildcard == null ? table.get(Site.ANY) : wildcard;
    }

    /** From now on handshakes for any of {@code names} present {@code certificate}. */
    public synchronized void publish(List<String> names, Certificate certificate) {
        know(names);
        names.forEach(name -> put(name, certificate));
    }

    /** From now on these are all names there are; a wildcard may stand for what is left out. */
    public synchronized void retain(Collection<String> configured) {
        if (second != null) {
            second.retain(configured);
        }
        Map<String, Place> next = new HashMap<>(byName);
        if (next.keySet().retainAll(Set.copyOf(configured))) {
            byName = Map.copyOf(next);
        }
    }

    /** From now on these are all names with a second certificate. */
    public synchronized void retainSecond(Collection<String> configured) {
        if (second != null) {
            Set<String> gone = new HashSet<>(byName.keySet());
            gone.removeAll(Set.copyOf(configured));
            second.withdraw(List.copyOf(gone));
        }
    }

    /** From now on handshakes for these names are refused, whatever wildcard there is. */
    public synchronized void withdraw(List<String> names) {
        know(names);
        names.forEach(name -> put(name, null));
    }

    /** From now on handshakes for these names wait for {@code loading}, until something is published or withdrawn. */
    public synchronized void expect(List<String> names, Loading loading) {
        know(names);
        Map<String, Place> table = byName;
        for (String name : names) {
            Place place = table.get(name);
            if (place != null) {
                place.certificate = null;
                place.loading = loading;
                place.shared = null;
            }
        }
    }

    /**
     * From now on handshakes for {@code names} present what those for {@code others}, of another site, do, as far as it
     * covers them, until something is published or withdrawn.
     *
     * @param site what it is called whose names these are
     * @param meanwhile what to present for a name as long as the others present nothing for it
     */
    public synchronized View share(
            String site, List<String> names, List<String> others, Map<String, Certificate> meanwhile) {
        know(names);
        Shared shared = shared(site, others);
        Map<String, Place> table = byName;
        for (String name : names) {
            Place place = table.get(name);
            if (place != null) {
                place.shared = shared;
                place.certificate = meanwhile.get(name);
                place.loading = null;
            }
        }
        return shared;
    }

    /** What those for {@code others} present now and later, as {@code site} would present it, without its presenting that. */
    public synchronized View view(String site, List<String> others) {
        return shared(site, others);
    }

    private Shared shared(String site, List<String> others) {
        know(others);
        Map<String, Place> table = byName;
        return new Shared(
                site, others.stream().map(table::get).filter(Objects::nonNull).toList());
    }

    private synchronized void learn(Collection<String> names) {
        know(names);
    }

    private void put(String name, @Nullable Certificate certificate) {
        Place place = byName.get(name);
        if (place != null) {
            place.certificate = certificate;
            place.loading = null;
            place.shared = null;
        }
    }

    private void know(Collection<String> names) {
        if (second != null) {
            // No wildcard of another site stands for them there.
            second.learn(names);
        }
        if (!byName.keySet().containsAll(names)) {
            Map<String, Place> next = new HashMap<>(byName);
            names.forEach(name -> next.computeIfAbsent(name, Place::new));
            byName = Map.copyOf(next);
        }
    }
}
