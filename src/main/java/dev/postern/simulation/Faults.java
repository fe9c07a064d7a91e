package dev.postern.simulation;

import dev.postern.simulation.Calamity.Absence;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/** How often things go wrong by themselves. */
public enum Faults {
    NONE(0, 0, 0),
    /** A bad year. */
    SOME(1, 0.01, 1),
    /** One that nobody has seen yet. */
    MANY(3, 0.04, 6);

    /** As often as each kind happens in a year with {@link #SOME}. */
    private static final int A_YEAR = 2;

    private static final Duration YEAR = Duration.ofDays(365);

    private final int times;
    private final double requests;
    private final int severity;

    Faults(int times, double requests, int severity) {
        this.times = times;
        this.requests = requests;
        this.severity = severity;
    }

    /** The share of requests that are hit at any time. */
    double requests() {
        return requests;
    }

    /** What happens in a world of this span, in the order of time. */
    List<Calamity> draw(RandomGenerator random, Scenario scenario) {
        List<Calamity> all = new ArrayList<>();
        if (times == 0) {
            return all;
        }
        // In proportion to what it may cost: two hours mean to 160 hours of life what a day means to 90 days.
        Duration life = scenario.lifetime();
        double years = (double) scenario.span().toSeconds() / YEAR.toSeconds();
        int count = (int) Math.ceil(A_YEAR * times * years);
        List<Absence> absences = List.of(Absence.values());
        List<String> issuers = new ArrayList<>(scenario.issuers());
        issuers.add("*");
        for (int i = 0; i < count; i++) {
            String issuer = issuers.get(random.nextInt(issuers.size()));
            Absence absence = absences.get(random.nextInt(absences.size()));
            all.add(new Calamity.Outage(issuer, any(random, scenario), upTo(random, life, 0.06), absence));
            all.add(new Calamity.Refusals(
                    issuers.get(random.nextInt(issuers.size())),
                    any(random, scenario),
                    upTo(random, life, 0.06),
                    random.nextDouble(),
                    Duration.ofSeconds(1 + random.nextLong(6 * 3600))));
            if (scenario.profile() != null) {
                all.add(new Calamity.ProfileWithdrawn(
                        issuers.get(random.nextInt(issuers.size())), any(random, scenario), upTo(random, life, 0.06)));
            }
            if (scenario.staging()) {
                String staging = SimulatedCa.staging(issuers.get(random.nextInt(issuers.size() - 1)));
                all.add(new Calamity.Outage(
                        staging,
                        any(random, scenario),
                        upTo(random, life, 0.3),
                        absences.get(random.nextInt(absences.size()))));
            }
            all.add(new Calamity.BadNetwork("*", any(random, scenario), upTo(random, life, 0.1), random.nextDouble()));
            all.add(new Calamity.Unreachable(
                    random.nextInt(scenario.sites()), any(random, scenario), upTo(random, life, 0.06)));
            all.add(new Calamity.WrongDate(
                    issuers.get(random.nextInt(issuers.size() - 1)),
                    any(random, scenario),
                    upTo(random, life, 0.1),
                    Duration.ofSeconds(random.nextLong(-200_000, 200_000))));
            all.add(new Calamity.FullDisk(any(random, scenario), upTo(random, life, 0.06)));
            all.add(new Calamity.ReadOnlyDisk(any(random, scenario), upTo(random, life, 0.03)));
            all.add(new Calamity.Death(any(random, scenario), upTo(random, life, 0.01)));
            all.add(new Calamity.PowerLoss(any(random, scenario), upTo(random, life, 0.01)));
            all.add(new Calamity.Restart(any(random, scenario)));
            all.add(new Calamity.WakeUpsLost(any(random, scenario)));
            // Half an hour ahead or behind, for a while: an hour of summer time, a battery, a virtual machine.
            Duration wrong = Duration.ofSeconds(random.nextLong(-86_400, 86_400));
            Duration from = any(random, scenario);
            all.add(new Calamity.ClockJump(from, wrong));
            all.add(new Calamity.ClockJump(from.plus(upTo(random, life, 0.03)), wrong.negated()));
            for (int deaths = 0; deaths < 4; deaths++) {
                all.add(new Calamity.DeathAtWrite(
                        any(random, scenario), 1 + random.nextInt(40), Duration.ofSeconds(1 + random.nextInt(300))));
                all.add(new Calamity.PowerLossAtWrite(
                        any(random, scenario), 1 + random.nextInt(40), Duration.ofSeconds(1 + random.nextInt(300))));
            }
        }
        for (int i = 0; i < Math.max(1, count / 8); i++) {
            all.add(new Calamity.TermsChanged(
                    issuers.get(random.nextInt(issuers.size())), any(random, scenario), upTo(random, life, 0.06)));
            all.add(new Calamity.AccountsLost(issuers.get(random.nextInt(issuers.size() - 1)), any(random, scenario)));
        }
        all.sort(Comparator.comparing(Calamity::at));
        return all;
    }

    private static Duration any(RandomGenerator random, Scenario scenario) {
        return Duration.ofSeconds(random.nextLong(scenario.span().toSeconds()));
    }

    /** Mostly short: uniform in its logarithm, from a minute on. */
    private Duration upTo(RandomGenerator random, Duration life, double share) {
        double most = Math.max(61, life.toSeconds() * share * severity);
        return Duration.ofSeconds((long) (60 * Math.exp(random.nextDouble() * Math.log(most / 60))));
    }

    /** As on the command line. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
