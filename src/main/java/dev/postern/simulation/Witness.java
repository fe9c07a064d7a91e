package dev.postern.simulation;

import dev.postern.certificate.Certificate;
import dev.postern.certificate.Keys;
import dev.postern.config.Configuration.Site;
import dev.postern.simulation.Outcome.Gap;
import dev.postern.simulation.Outcome.Violation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Watches a world and holds it against the promises:
 *
 * <ul>
 *   <li>no certificate expires, unless there was no unbroken favourable time in the last third of its life, long enough
 *       for the back-off of Postern to end in it a few times;
 *   <li>once it is favourable for long enough, every site has a certificate;
 *   <li>key and certificate belong together, in the table and on disk;
 *   <li>no rate limit of an issuer is ever reached;
 *   <li>what an issuer was asked to finalize is installed, or a newer one is, or its order is in the journal; unless it
 *       was still at it when the order expired.
 * </ul>
 */
final class Witness {
    /** The longest back-off, 24 h and a tenth, and time for the order itself. */
    private static final Duration LONGEST_BACK_OFF = Duration.ofHours(27);

    /** Of a site that has nothing to serve: an hour and a tenth at most, and time for the order itself. */
    private static final Duration URGENT_BACK_OFF = Duration.ofMinutes(80);

    /** The share of a life that a back-off may take at the beginning of its last third: an eighth of that third. */
    private static final int BACK_OFF_SHARE = 24;

    /** Up to this life a certificate is renewed at its half. */
    private static final Duration SHORT_LIFE = Duration.ofDays(10);

    /** So often chance, which hits requests at any time, may spoil the attempt. */
    private static final int SPOILED = 4;

    private final World world;
    private final Scenario scenario;
    private final Duration patience;
    private final Duration urgentPatience;
    private final Map<String, View> views = new LinkedHashMap<>();
    private final List<Gap> gaps = new ArrayList<>();
    private @Nullable Machine machine;
    private @Nullable Violation violation;
    private int certificates;
    private int deaths;
    private double leastLeft = 1;
    private Duration slowestFirst = Duration.ZERO;
    private Duration longestOutage = Duration.ZERO;
    private @Nullable Instant outageSince;

    /** A time that ended. */
    private record Span(Instant from, Instant to) {}

    /** An order that an issuer was asked to finalize. */
    private record Finalized(SimulatedCa issuer, String order, Instant at) {}

    /** One site, as its clients see it. */
    private static final class View {
        private final String site;
        private final Instant begun;
        private final List<Span> favourable = new ArrayList<>();
        private final List<Finalized> open = new ArrayList<>();
        private @Nullable Certificate served;
        // Whether it was seen on disk.
        private boolean saved;
        private @Nullable Instant notAfter;
        private @Nullable Instant favourableSince;

        View(String site, Instant begun) {
            this.site = site;
            this.begun = begun;
        }

        boolean isValid(Instant now) {
            return notAfter != null && now.isBefore(notAfter);
        }

        /** The longest unbroken favourable time between two instants. */
        Duration longest(Instant from, Instant to) {
            Duration longest = Duration.ZERO;
            List<Span> all = new ArrayList<>(favourable);
            if (favourableSince != null) {
                all.add(new Span(favourableSince, to));
            }
            for (Span span : all) {
                Instant begin = span.from.isBefore(from) ? from : span.from;
                Instant end = span.to.isAfter(to) ? to : span.to;
                Duration length = Duration.between(begin, end);
                longest = length.compareTo(longest) > 0 ? length : longest;
            }
            return longest;
        }
    }

    Witness(World world, Scenario scenario, List<Site> sites) {
        this.world = world;
        this.scenario = scenario;
        Duration backOff = scenario.lifetime().dividedBy(BACK_OFF_SHARE);
        Duration once = backOff.compareTo(LONGEST_BACK_OFF) < 0 ? backOff.plusHours(1) : LONGEST_BACK_OFF;
        boolean chance = scenario.faults() != Faults.NONE;
        // Where only the second issuer is willing, it is asked when the first one has failed for an eighth of the time
        // from when a renewal is due at the latest (64 to 68 %, or 48 to 52 % of a short life) to the end.
        Duration asksOthers = scenario.lifetime().dividedBy(scenario.lifetime().compareTo(SHORT_LIFE) <= 0 ? 15 : 22);
        this.patience = (chance ? once.multipliedBy(SPOILED) : once).plus(asksOthers);
        this.urgentPatience = chance ? URGENT_BACK_OFF.multipliedBy(SPOILED) : URGENT_BACK_OFF;
        for (Site site : sites) {
            views.put(site.name(), new View(site.name(), world.instant()));
        }
    }

    void watch(Machine host) {
        machine = host;
    }

    private Machine machine() {
        if (machine == null) {
            throw new IllegalStateException("nothing to watch yet");
        }
        return machine;
    }

    private void violated(String what) {
        if (violation == null) {
            world.tell("VIOLATED: " + what);
            violation = new Violation(world.seed(), world.instant(), what, world.past());
        }
    }

    boolean isViolated() {
        return violation != null;
    }

    void died() {
        deaths++;
    }

    /** Something began or ended that decides whether a certificate can be had. */
    void conditionsChanged() {
        if (machine().network().isAnyWilling()) {
            endOutage();
        } else if (outageSince == null) {
            outageSince = world.instant();
        }
        for (View view : views.values()) {
            boolean favourable = machine().isFavourable(view.site);
            if (favourable && view.favourableSince == null) {
                Instant since = world.instant();
                view.favourableSince = since;
                world.after(urgentPatience, () -> expectCertificate(view, since));
            } else if (!favourable && view.favourableSince != null) {
                view.favourable.add(new Span(view.favourableSince, world.instant()));
                view.favourableSince = null;
                Instant old = world.instant().minus(scenario.lifetime());
                view.favourable.removeIf(span -> span.to.isBefore(old));
            }
        }
    }

    private void endOutage() {
        if (outageSince != null) {
            Duration length = Duration.between(outageSince, world.instant());
            longestOutage = length.compareTo(longestOutage) > 0 ? length : longestOutage;
            outageSince = null;
        }
    }

    private void expectCertificate(View view, Instant since) {
        if (since.equals(view.favourableSince) && !view.isValid(world.instant())) {
            violated(view.site + " has no valid certificate, though one could be had since " + since);
        }
    }

    /** Looks at what a process serves now. */
    void look(SimulatedProcess process) {
        for (View view : views.values()) {
            Certificate served = process.table().find(view.site);
            if (served != null && served != view.served) {
                installed(view, served);
                view.served = served;
                view.saved = false;
            }
            if (served != null && !view.saved) {
                view.saved = new StoredSite(machine().store(), view.site).holds(served);
            }
            if (!process.isBusy()) {
                checkFinalized(view);
            }
        }
    }

    private void installed(View view, Certificate certificate) {
        if (!Keys.fit(certificate.key(), certificate.leaf().getPublicKey())) {
            violated(view.site + ": the key that is served does not fit its certificate");
        }
        Certificate before = view.served;
        if (before != null && before.serial().equals(certificate.serial())) {
            // The same, read again after a restart.
            return;
        }
        Instant now = world.instant();
        certificates++;
        world.tell(view.site + " installed " + certificate.serialText() + " until " + certificate.notAfter());
        Instant ended = view.notAfter;
        if (ended == null) {
            Duration waited = Duration.between(view.begun, now);
            slowestFirst = waited.compareTo(slowestFirst) > 0 ? waited : slowestFirst;
        } else if (!ended.isAfter(now)) {
            gaps.add(new Gap(view.site, ended, Duration.between(ended, now)));
        } else {
            // What could not be written is fetched again after a death; until then there is the one before.
            if (certificate.notAfter().isBefore(ended) && view.saved) {
                violated(view.site + ": a certificate until " + ended + " gave way to one until "
                        + certificate.notAfter());
            }
            lasted(Duration.between(now, ended));
        }
        Instant notAfter = certificate.notAfter();
        view.notAfter = notAfter;
        world.after(Duration.between(now, notAfter), () -> ended(view, notAfter));
    }

    private void lasted(Duration left) {
        leastLeft = Math.min(
                leastLeft, (double) left.toSeconds() / scenario.lifetime().toSeconds());
    }

    /** The end of a certificate has come. */
    private void ended(View view, Instant notAfter) {
        if (!notAfter.equals(view.notAfter)) {
            return;
        }
        leastLeft = 0;
        world.tell(view.site + " EXPIRED");
        Instant lastThird = notAfter.minus(scenario.lifetime().dividedBy(3));
        Duration favourable = view.longest(lastThird, notAfter);
        if (favourable.compareTo(patience) >= 0) {
            violated(view.site + ": expired, though a new certificate could be had for " + favourable
                    + " without a break in the last third of its life");
        }
    }

    /** An issuer was asked to finalize an order, with success: from now on there is something to lose. */
    void isFinalized(SimulatedCa issuer, String site, String order) {
        View view = views.get(site);
        if (view != null) {
            view.open.removeIf(earlier -> earlier.order.equals(order));
            view.open.add(new Finalized(issuer, order, world.instant()));
        }
    }

    /** An issuer said that it is still making the certificate of an order that is expired: there is nothing to lose yet. */
    void isStuck(String order) {
        views.values().forEach(view -> view.open.removeIf(open -> open.order.equals(order)));
    }

    /** An issuer answered 429 by itself. */
    void limited(String issuer, String body, long reached) {
        if (reached > 0) {
            violated(issuer + ": a rate limit was reached: " + body);
        }
    }

    /** An issuer has lost its memory: what it knew of is no longer there to be fetched. */
    void forgotten(String issuer) {
        for (View view : views.values()) {
            view.open.removeIf(
                    order -> issuer.equals("*") || order.issuer.name().equals(issuer));
        }
    }

    private void checkFinalized(View view) {
        if (view.open.isEmpty()) {
            return;
        }
        StoredSite stored = new StoredSite(machine().store(), view.site);
        Instant installed = stored.issued();
        // Certificates count in seconds.
        view.open.removeIf(order -> installed != null
                && !installed.isBefore(order.at.minusSeconds(1).minus(SimulatedCa.BACKDATE)));
        for (Finalized order : view.open) {
            if (!stored.isJournalled(order.order)) {
                violated(view.site + ": order " + order.order + ", finalized at " + order.at
                        + ", is neither in the journal nor is its certificate, or a newer one, on disk");
            }
        }
        String wrong = stored.wrong();
        if (wrong != null) {
            violated(view.site + ": " + wrong);
        }
    }

    Outcome outcome(int orders, long requests, int refused) {
        endOutage();
        Instant now = world.instant();
        for (View view : views.values()) {
            Instant ended = view.notAfter;
            if (ended != null && !ended.isAfter(now)) {
                gaps.add(new Gap(view.site, ended, Duration.between(ended, now)));
            } else if (ended != null) {
                lasted(Duration.between(now, ended));
            } else {
                slowestFirst = Duration.between(view.begun, now);
            }
        }
        return new Outcome(
                scenario,
                certificates,
                orders,
                requests,
                deaths,
                leastLeft,
                gaps,
                slowestFirst,
                longestOutage,
                refused,
                violation);
    }
}
