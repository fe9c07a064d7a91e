package dev.postern.observe;

import dev.postern.certificate.care.CertificateEvents;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts what happens to the certificates of each site, and tells it on. Any thread. */
public final class RenewalCounts implements CertificateEvents {
    private final CertificateEvents next;
    private final ConcurrentHashMap<String, LongAdder> renewed = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, LongAdder> failed = new ConcurrentHashMap<>();

    public RenewalCounts(CertificateEvents next) {
        this.next = next;
    }

    @Override
    public void renewed(Renewed event) {
        count(renewed, event.site());
        next.renewed(event);
    }

    @Override
    public void failed(Failed event) {
        count(failed, event.site());
        next.failed(event);
    }

    @Override
    public void overdue(Overdue event) {
        next.overdue(event);
    }

    private static void count(ConcurrentHashMap<String, LongAdder> counts, String site) {
        counts.computeIfAbsent(site, s -> new LongAdder()).increment();
    }

    long renewed(String site) {
        return of(renewed, site);
    }

    long failed(String site) {
        return of(failed, site);
    }

    private static long of(ConcurrentHashMap<String, LongAdder> counts, String site) {
        LongAdder count = counts.get(site);
        return count == null ? 0 : count.sum();
    }
}
