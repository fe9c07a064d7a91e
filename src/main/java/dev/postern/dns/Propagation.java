package dev.postern.dns;

import dev.postern.config.Durations;
import dev.postern.dns.TxtRecords.Authority;
import dev.postern.dns.TxtRecords.Place;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/**
 * Waits until a record can be seen by whoever asks: a CA asks any of the authoritative servers, and remembers a no. Those
 * that cannot be reached from here are not waited for; where that are all of them, the stand-ins are asked instead.
 */
final class Propagation {
    private static final Logger LOG = LoggerFactory.getLogger(Propagation.class);

    /** A secondary that was notified has transferred the zone by then, most of the time. */
    private static final Duration FIRST = Duration.ofMillis(500);

    private static final Duration LONGEST = Duration.ofSeconds(10);

    /** So often in a row without an answer is not a lost packet. */
    private static final int UNREACHABLE = 2;

    private final Duration limit;
    private final List<InetSocketAddress> resolvers;
    private final MonotonicClock elapsed;

    /** One server, and what it said so far. */
    private static final class Seen {
        private final String server;
        private final InetSocketAddress address;
        private boolean shows;
        private int silent;

        Seen(String server, InetSocketAddress address) {
            this.server = server;
            this.address = address;
        }

        boolean isPending() {
            return !shows && silent < UNREACHABLE;
        }
    }

    /**
     * @param limit zero where nobody is to be asked
     * @param resolvers whom to ask instead of the servers of the zone; none for these
     */
    Propagation(Duration limit, List<InetSocketAddress> resolvers, MonotonicClock elapsed) {
        this.limit = limit;
        this.resolvers = resolvers;
        this.elapsed = elapsed;
    }

    /** @throws IOException where some server does not show it in time; names it */
    void await(TxtRecords records, Place place, String value) throws IOException, InterruptedException {
        if (limit.isZero()) {
            return;
        }
        long begun = elapsed.nanoTime();
        if (!resolvers.isEmpty()) {
            awaitAnyOf(resolvers, place, value, begun);
            return;
        }
        List<Seen> servers = new ArrayList<>();
        if (place.zone() != null) {
            for (Authority each : records.authorities(place.zone())) {
                servers.add(new Seen(each.text(), each.address()));
            }
        }
        awaitAll(servers, place, value, begun);
        if (servers.stream().anyMatch(each -> each.shows)) {
            return;
        }
        List<InetSocketAddress> standIns = records.standIns();
        LOG.info(
                "dns-01: {}: no authoritative server can be asked from here; asking {}",
                Questions.text(place.at()),
                standIns.stream().map(Questions::text).collect(Collectors.joining(", ")));
        awaitAnyOf(standIns, place, value, begun);
    }

    /** All of them that answer; where none does, time is all there is. */
    private void awaitAnyOf(List<InetSocketAddress> addresses, Place place, String value, long begun)
            throws IOException, InterruptedException {
        List<Seen> servers = addresses.stream()
                .map(address -> new Seen(Questions.text(address), address))
                .toList();
        awaitAll(servers, place, value, begun);
        if (servers.stream().noneMatch(each -> each.shows)) {
            Duration left = left(begun);
            LOG.warn(
                    "dns-01: {}: no DNS server can be asked from here whether it shows the record; waiting {} and hoping",
                    Questions.text(place.at()),
                    Durations.text(left));
            elapsed.await(left);
        }
    }

    private Duration left(long begun) {
        Duration left = limit.minusNanos(elapsed.nanoTime() - begun);
        return left.isNegative() ? Duration.ZERO : Duration.ofMillis(left.toMillis());
    }

    /** Returns when none of them is left of which it could be hoped that it will show it. */
    private void awaitAll(List<Seen> servers, Place place, String value, long begun)
            throws IOException, InterruptedException {
        Duration wait = FIRST;
        while (true) {
            for (Seen server : servers) {
                if (server.isPending()) {
                    look(server, place.at(), value);
                }
            }
            List<String> lacking = servers.stream()
                    .filter(Seen::isPending)
                    .map(each -> each.server)
                    .toList();
            if (lacking.isEmpty()) {
                return;
            }
            Duration left = left(begun);
            if (left.isZero()) {
                throw new IOException(Questions.text(place.at()) + ": the TXT record is not shown by "
                        + String.join(", ", lacking) + " after " + Durations.text(limit)
                        + " (expected: every server of the zone to show it; see dns-01.propagation)");
            }
            elapsed.await(wait.compareTo(left) < 0 ? wait : left);
            Duration longer = wait.plus(wait.dividedBy(2));
            wait = longer.compareTo(LONGEST) < 0 ? longer : LONGEST;
        }
    }

    private static void look(Seen server, Name at, String value) throws IOException {
        try {
            Message answer =
                    Questions.exchange(server.address, Questions.question(at, Type.TXT, true), null, Questions.ONE_TRY);
            int rcode = answer.getRcode();
            if (rcode != Rcode.NOERROR && rcode != Rcode.NXDOMAIN) {
                // It has not loaded the zone, or is not responsible for it after all: no CA hears more from it.
                server.silent++;
                LOG.debug("dns-01: {}: {} says {}", at, server.server, Rcode.string(rcode));
                return;
            }
            server.silent = 0;
            for (Record each : answer.getSection(Section.ANSWER)) {
                if (each instanceof TXTRecord txt
                        && String.join("", txt.getStrings()).equals(value)) {
                    server.shows = true;
                }
            }
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            server.silent++;
            LOG.debug("dns-01: {}: {} cannot be asked", at, server.server, e);
        }
    }
}
