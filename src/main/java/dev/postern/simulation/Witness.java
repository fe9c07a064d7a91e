package dev.postern.simulation;

import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.pki.Keys;
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
 *   <li>no certificate expires, unless no issuer was reachable and willing for any length of time in the last third of its
 *       life that {@link Patience} could count on;
 *   <li>once it is favourable for long enough, every site has a certificate;
 *   <li>key and certificate belong together, in the table and on disk;
 *   <li>no rate limit of an issuer is ever reached;
 *   <li>what an issuer was asked to finalize is installed, or a newer one is, or its order is in the journal; unless it
 *       was still at it when the order expired.
 * </ul>
 */
final class Witness {
    /** A renewal is due after 68.7 % of a life at the latest, as its CA suggests or by itself: a little into the last third. */
    private static final double DUE_AT_THE_LATEST = 0.313;

    private final World world;
    private final Scenario scenario;
    private final Patience patience;
    // When chance hit a request.
    private final List<Instant> hits = new ArrayList<>();
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

    /**
     * An order that an issuer was asked to finalize.
     *
     * @param isOnDisk whether it was in the journal then; it is not where the disk is full
     */
    private record Finalized(SimulatedCa issuer, String order, Instant at, boolean isOnDisk) {}

    /** One site, as its clients see it. */
    private static final class View {
        private final String site;
        private final Instant begun;
        private final FavourableTimes favourable = new FavourableTimes();
        // Those in which the issuer could give one that is asked before all others.
        private final FavourableTimes preferred = new FavourableTimes();
        private final List<Finalized> open = new ArrayList<>();
        private @Nullable Certificate served;
        // Whether it was seen on disk.
        private boolean saved;
        private @Nullable Instant notAfter;

        View(String site, Instant begun) {
            this.site = site;
            this.begun = begun;
        }

        boolean isValid(Instant now) {
            return notAfter != null && now.isBefore(notAfter);
        }
    }

    Witness(World world, Scenario scenario, List<Site> sites) {
        this.world = world;
        this.scenario = scenario;
        this.patience = new Patience(scenario.lifetime());
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

    /** All that is left of a process is on the disk. */
    void died() {
        deaths++;
        for (View view : views.values()) {
            requireNothingLost(view, true);
        }
    }

    /** Something began or ended that decides whether a certificate can be had. */
    void conditionsChanged() {
        if (machine().network().isAnyWilling()) {
            endOutage();
        } else if (outageSince == null) {
            outageSince = world.instant();
        }
        for (View view : views.values()) {
            Instant now = world.instant();
            Instant forgotten = now.minus(scenario.lifetime());
            view.preferred.are(machine().isFavourable(view.site, true), now, forgotten);
            if (view.favourable.are(machine().isFavourable(view.site, false), now, forgotten)) {
                world.after(Patience.withNothing(0), () -> expectCertificate(view, now, now));
            }
        }
    }

    /** Chance hit a request, which may cost an attempt. */
    void hit() {
        Instant forgotten = world.instant().minus(scenario.lifetime());
        while (!hits.isEmpty() && hits.get(0).isBefore(forgotten)) {
            hits.remove(0);
        }
        hits.add(world.instant());
    }

    private int hits(Instant from, Instant to) {
        return (int) hits.stream()
                .filter(hit -> !hit.isBefore(from) && hit.isBefore(to))
                .count();
    }

    private void endOutage() {
        if (outageSince != null) {
            Duration length = Duration.between(outageSince, world.instant());
            longestOutage = length.compareTo(longestOutage) > 0 ? length : longestOutage;
            outageSince = null;
        }
    }

    /**
     * @param since when the favourable time began
     * @param from since when there was nothing to serve in it
     */
    private void expectCertificate(View view, Instant since, Instant from) {
        Instant now = world.instant();
        if (!since.equals(view.favourable.since()) || view.isValid(now)) {
            return;
        }
        Instant until = from.plus(Patience.withNothing(hits(from, now)));
        if (until.isAfter(now)) {
            world.after(Duration.between(now, until), () -> expectCertificate(view, since, from));
        } else {
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
                requireNothingLost(view, false);
            }
        }
    }

    private void installed(View view, Certificate certificate) {
        Certificate before = view.served;
        // After a restart it is mostly the same pair, of which that is known.
        if ((before == null || !isSamePair(before, certificate))
                && !Keys.fit(certificate.key(), certificate.leaf().getPublicKey())) {
            violated(view.site + ": the key that is served does not fit its certificate");
        }
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

    private static boolean isSamePair(Certificate one, Certificate other) {
        return one.key().equals(other.key()) && one.leaf().equals(other.leaf());
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
        Instant due = notAfter.minusSeconds((long) (scenario.lifetime().toSeconds() * DUE_AT_THE_LATEST));
        requireNoChance(view, view.preferred.between(due, notAfter), notAfter, true);
        requireNoChance(view, view.favourable.between(due, notAfter), notAfter, false);
        Instant since = view.favourable.since();
        if (since != null) {
            world.after(Patience.withNothing(0), () -> expectCertificate(view, since, notAfter));
        }
    }

    private void requireNoChance(View view, List<FavourableTimes.Span> spans, Instant notAfter, boolean isPreferred) {
        Duration behind = machine().clock().behindSince(notAfter.minus(scenario.lifetime()));
        for (FavourableTimes.Span span : spans) {
            if (patience.isOver(span, notAfter, isPreferred, hits(span.from(), span.to()), behind)) {
                violated(view.site + ": expired, though a new certificate could be had from " + span.from() + " to "
                        + span.to() + (isPreferred ? "" : " from some issuer"));
            }
        }
    }

    /** An issuer was asked to finalize an order, with success: from now on there is something to lose. */
    void isFinalized(SimulatedCa issuer, String site, String order) {
        View view = views.get(site);
        if (view != null) {
            view.open.removeIf(earlier -> earlier.order.equals(order));
            boolean isOnDisk = new StoredSite(machine().store(), site).isJournalled(order);
            view.open.add(new Finalized(issuer, order, world.instant(), isOnDisk));
        }
    }

    /** An issuer said that it is still making the certificate of an order that is expired: there is nothing to lose yet. */
    void isStuck(String order) {
        views.values().forEach(view -> view.open.removeIf(open -> open.order.equals(order)));
    }

    /** An issuer has no such order any more: a week after it was made, what was not fetched by then cannot be. */
    void isGone(String gone) {
        for (View view : views.values()) {
            for (Finalized order : List.copyOf(view.open)) {
                if (order.order.equals(gone)) {
                    view.open.remove(order);
                    Instant now = world.instant();
                    for (FavourableTimes.Span span : view.preferred.between(order.at, now)) {
                        if (patience.isOver(
                                span, now.plus(scenario.lifetime()), true, hits(span.from(), now), Duration.ZERO)) {
                            violated(view.site + ": order " + gone
                                    + " was not fetched for as long as it was there, though"
                                    + " that was possible from " + span.from() + " to " + span.to());
                        }
                    }
                }
            }
        }
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

    /** @param isDead whether what is in memory only is gone, which nobody can change */
    private void requireNothingLost(View view, boolean isDead) {
        if (view.open.isEmpty()) {
            return;
        }
        StoredSite stored = new StoredSite(machine().store(), view.site);
        Instant installed = stored.issued();
        // Certificates count in seconds.
        view.open.removeIf(order -> installed != null
                && !installed.isBefore(order.at.minusSeconds(1).minus(SimulatedCa.BACKDATE)));
        for (Finalized order : view.open) {
            if ((order.isOnDisk || !isDead) && !stored.isJournalled(order.order)) {
                violated(view.site + ": order " + order.order + ", finalized at " + order.at
                        + ", is neither in the journal nor is its certificate, or a newer one, on disk");
            }
        }
        String wrong = stored.wrong();
        if (wrong != null) {
            violated(view.site + ": " + wrong);
        }
    }

    Outcome outcome(int orders, int rehearsals, long requests, int refused) {
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
                rehearsals,
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
