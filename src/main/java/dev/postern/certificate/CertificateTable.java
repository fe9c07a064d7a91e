package dev.postern.certificate;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Server name → the certificate to present. Read by every handshake on any event loop, without a lock: the table is
 * one immutable map, replaced at each change. An exact name wins over a wildcard, also where there is nothing to present
 * for it: a name that belongs to a site is never answered with the certificate of another. A wildcard stands for exactly
 * one label (<a href="https://datatracker.ietf.org/doc/html/rfc9525#section-6.3">RFC 9525 §6.3</a>).
 */
public final class CertificateTable {
    /** @param certificate null for a name of a site that has none now */
    private record Entry(@Nullable Certificate certificate) {
        static final Entry NONE = new Entry(null);
    }

    // Replaced under the monitor of this; read by any thread.
    private volatile Map<String, Entry> byName = Map.of();

    /** @param serverName lower-case, without a trailing dot */
    public @Nullable Certificate find(String serverName) {
        Map<String, Entry> table = byName;
        Entry exact = table.get(serverName);
        if (exact != null) {
            return exact.certificate();
        }
        int dot = serverName.indexOf('.');
        Entry wildcard = dot <= 0 ? null : table.get("*" + serverName.substring(dot));
        return wildcard == null ? null : wildcard.certificate();
    }

    /** From now on handshakes for any of {@code names} present {@code certificate}. */
    public synchronized void publish(List<String> names, Certificate certificate) {
        Map<String, Entry> next = new HashMap<>(byName);
        Entry entry = new Entry(certificate);
        names.forEach(name -> next.put(name, entry));
        byName = Map.copyOf(next);
    }

    /**
     * As {@link #publish(List, Certificate)} for many at once: at start, one copy of the table instead of thousands.
     *
     * @param configured the names of all sites; handshakes for those without a certificate are refused
     */
    public synchronized void publish(Collection<String> configured, Map<String, Certificate> certificates) {
        Map<String, Entry> next = new HashMap<>(byName);
        configured.forEach(name -> next.put(name, Entry.NONE));
        certificates.forEach((name, certificate) -> next.put(name, new Entry(certificate)));
        byName = Map.copyOf(next);
    }

    /** From now on handshakes for these names are refused, whatever wildcard there is. */
    public synchronized void withdraw(List<String> names) {
        Map<String, Entry> next = new HashMap<>(byName);
        names.forEach(name -> next.put(name, Entry.NONE));
        byName = Map.copyOf(next);
    }
}
