package dev.postern.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.simulation.Calamity.Absence;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each world is small and about one calamity; {@link SimulatedYearsTest} has the thousand years with all of them. */
@Tag("long")
class SimulationTest {
    static final Duration DAYS_90 = Duration.ofDays(90);
    static final Duration HOURS_160 = Duration.ofHours(160);

    /** The first certificate comes on day 0 and is due between day 57 and day 61. */
    private static final Duration DUE = Duration.ofDays(57);

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdown();
    }

    private Outcome run(Scenario scenario) throws IOException {
        return new Simulation(threads).run(scenario);
    }

    private static void assertKept(Outcome outcome) {
        assertThat(outcome.violation()).as("the first broken promise").isNull();
    }

    /** No renewal was late, and no site was ever without a certificate. */
    private static void assertNoGap(Outcome outcome) {
        assertKept(outcome);
        assertThat(outcome.gaps()).isEmpty();
    }

    @Test
    void quietYearHasOneOrderForEachCertificate() throws IOException {
        Outcome outcome = run(Scenario.quiet(1, DAYS_90));

        assertNoGap(outcome);
        // At 64 to 68 % of 90 days, from the first one on: six or seven in a year.
        assertThat(outcome.certificates()).isBetween(6, 7);
        assertThat(outcome.orders()).isEqualTo(outcome.certificates());
        assertThat(outcome.leastLeft()).isBetween(0.31, 0.37);
    }

    @Test
    void twentyDaysWithoutAnyCaFromTheDayARenewalIsDueAreSurvived() throws IOException {
        for (Absence absence : Absence.values()) {
            Outcome outcome = run(Scenario.quiet(2, DAYS_90)
                    .span(Duration.ofDays(100))
                    .with(new Calamity.Outage("*", DUE, Duration.ofDays(20), absence)));

            assertNoGap(outcome);
            assertThat(outcome.leastLeft()).as(absence.name()).isBetween(0.05, 0.16);
        }
    }

    @Test
    void secondCaTakesOverWhereThePreferredOneIsGoneForEver() throws IOException {
        for (Duration lifetime : List.of(DAYS_90, Duration.ofDays(45), HOURS_160)) {
            Outcome outcome = run(Scenario.quiet(3, lifetime)
                    .with(new Calamity.Outage(
                            "preferred", lifetime.dividedBy(3), Duration.ofDays(1000), Absence.SILENT)));

            assertNoGap(outcome);
            assertThat(outcome.leastLeft()).as(lifetime.toString()).isGreaterThan(0.05);
        }
    }

    @Test
    void loneCaThatComesBackAfterTheEndIsFoundAgainWithinAnHourAndAHalf() throws IOException {
        Duration back = Duration.ofDays(53);
        Outcome outcome = run(Scenario.quiet(4, Duration.ofDays(45))
                .issuers("preferred")
                .span(Duration.ofDays(60))
                .with(new Calamity.Outage("*", Duration.ofDays(28), back.minusDays(28), Absence.REFUSED)));

        assertKept(outcome);
        assertThat(outcome.gaps()).hasSize(1);
        assertThat(outcome.gaps().get(0).length())
                .isBetween(Duration.ofDays(8), Duration.ofDays(8).plusMinutes(150));
    }

    @Test
    void clockThatJumpsByADayBackAndForthChangesNothing() throws IOException {
        List<Calamity> jumps = new ArrayList<>();
        for (int day = 5; day < 350; day += 10) {
            Duration by = Duration.ofDays(day % 20 == 5 ? 1 : -1);
            jumps.add(new Calamity.ClockJump(Duration.ofDays(day), by));
            jumps.add(new Calamity.ClockJump(Duration.ofDays(day).plusHours(30), by.negated()));
        }
        for (Duration lifetime : List.of(DAYS_90, HOURS_160)) {
            assertNoGap(run(Scenario.quiet(5, lifetime).with(jumps.toArray(Calamity[]::new))));
        }
    }

    @Test
    void clockThatIsAHundredDaysBehindForAWhileCostsNoCertificate() throws IOException {
        assertNoGap(run(Scenario.quiet(6, DAYS_90)
                .with(
                        new Calamity.ClockJump(Duration.ofDays(20), Duration.ofDays(-100)),
                        new Calamity.ClockJump(Duration.ofDays(23), Duration.ofDays(100)),
                        new Calamity.ClockJump(Duration.ofDays(200), Duration.ofDays(-100)),
                        new Calamity.ClockJump(Duration.ofDays(201), Duration.ofDays(100)))));
    }

    /** By our clock every certificate is expired on the day it comes: none may be ordered for that. */
    @Test
    void clockThatIsAHundredDaysAheadFromSomeDayOnCostsOneCertificate() throws IOException {
        Outcome outcome =
                run(Scenario.quiet(6, DAYS_90).with(new Calamity.ClockJump(Duration.ofDays(20), Duration.ofDays(100))));

        assertNoGap(outcome);
        assertThat(outcome.certificates()).isBetween(6, 8);
        assertThat(outcome.orders()).isEqualTo(outcome.certificates());
    }

    /** Its certificate ends on day 90: from then on it is asked every hour, not every week as for a site that is hopeless. */
    @Test
    void loneCaThatIsAwayForFortyDaysIsFoundAgainWithinAnHourAndAHalf() throws IOException {
        Duration back = Duration.ofDays(96);
        for (Absence absence : List.of(Absence.REFUSED, Absence.SILENT, Absence.BROKEN)) {
            Outcome outcome = run(Scenario.quiet(11, DAYS_90)
                    .issuers("preferred")
                    .span(Duration.ofDays(98))
                    .with(new Calamity.Outage("*", back.minusDays(40), Duration.ofDays(40), absence)));

            assertKept(outcome);
            assertThat(outcome.gaps()).as(absence.name()).hasSize(1);
            assertThat(outcome.gaps().get(0).length())
                    .as(absence.name())
                    .isBetween(Duration.ofDays(6), Duration.ofDays(6).plusMinutes(150));
        }
    }

    @Test
    void diskThatIsFullForThreeDaysIsSurvived() throws IOException {
        for (Duration from : List.of(Duration.ofDays(1), DUE, DUE.plusDays(2))) {
            assertNoGap(run(Scenario.quiet(7, DAYS_90)
                    .span(Duration.ofDays(100))
                    .with(new Calamity.FullDisk(from, Duration.ofDays(3)))));
            assertNoGap(run(Scenario.quiet(7, DAYS_90)
                    .span(Duration.ofDays(100))
                    .with(new Calamity.ReadOnlyDisk(from, Duration.ofDays(3)))));
        }
    }

    @Test
    void deathAtEveryStepOnTheDiskLosesNothing() throws IOException {
        int nth = 1;
        Outcome outcome;
        do {
            outcome = run(Scenario.quiet(8, DAYS_90)
                    .span(Duration.ofDays(70))
                    .with(new Calamity.DeathAtWrite(DUE, nth, Duration.ofMinutes(2))));
            assertNoGap(outcome);
            // What was ordered before the death is resumed: one order more at most, where its URL was not yet on disk.
            assertThat(outcome.orders()).as("death at step " + nth).isBetween(2, 3);
            nth++;
        } while (outcome.deaths() > 0);
        assertThat(nth).as("steps of a renewal on the disk").isGreaterThan(30);
    }

    @Test
    void powerLossAtEveryStepOnTheDiskLosesNothing() throws IOException {
        int nth = 1;
        Outcome outcome;
        do {
            outcome = run(Scenario.quiet(8, DAYS_90)
                    .span(Duration.ofDays(70))
                    .with(new Calamity.PowerLossAtWrite(DUE, nth, Duration.ofMinutes(2))));
            assertNoGap(outcome);
            assertThat(outcome.orders()).as("power lost at step " + nth).isBetween(2, 3);
            nth++;
        } while (outcome.deaths() > 0);
        assertThat(nth).as("steps of a renewal on the disk").isGreaterThan(30);
    }

    /** What the dead process did not sync, the next one finds there, and has to sync itself. */
    @Test
    void powerLossSoonAfterADeathAtAnyOfTheFirstStepsLosesNothing() throws IOException {
        int nth = 1;
        Outcome outcome;
        do {
            outcome = run(Scenario.quiet(12, DAYS_90)
                    .span(Duration.ofDays(3))
                    .with(
                            new Calamity.DeathAtWrite(Duration.ZERO, nth, Duration.ofMinutes(2)),
                            new Calamity.PowerLoss(Duration.ofDays(1), Duration.ofMinutes(2))));
            assertNoGap(outcome);
            assertThat(outcome.orders()).as("death at step " + nth).isBetween(1, 2);
            nth++;
        } while (outcome.deaths() > 1);
        assertThat(nth).as("steps of a first order on the disk").isGreaterThan(40);
    }

    @Test
    void withdrawnProfileAndUnreadTermsArePassedByAtTheOtherIssuer() throws IOException {
        Duration ever = Duration.ofDays(1000);
        for (Calamity calamity : List.of(
                new Calamity.ProfileWithdrawn("preferred", Duration.ofDays(30), ever),
                new Calamity.TermsChanged("preferred", Duration.ofDays(30), ever))) {
            Outcome outcome =
                    run(Scenario.quiet(13, DAYS_90).profile("tlsserver").with(calamity));

            assertNoGap(outcome);
            assertThat(outcome.leastLeft()).as(calamity.toString()).isGreaterThan(0.05);
            assertThat(outcome.certificates()).as(calamity.toString()).isBetween(5, 7);
        }
    }

    @Test
    void whatIsWrongWithASiteIsRehearsedAtStagingAndCostsNoFailuresAtProduction() throws IOException {
        Scenario scenario = Scenario.quiet(14, DAYS_90)
                .span(Duration.ofDays(90))
                .with(new Calamity.Unreachable(0, DUE, Duration.ofDays(12)));

        Outcome without = run(scenario);
        Outcome with = run(scenario.staging(true));

        assertNoGap(without);
        assertNoGap(with);
        assertThat(without.rehearsals()).isZero();
        assertThat(with.rehearsals()).isGreaterThan(3);
        assertThat(with.orders()).isLessThan(without.orders());
    }

    /** It says nothing of the site; before the end production is asked without it. */
    @Test
    void stagingDirectoryThatIsGoneForEverCostsNoCertificate() throws IOException {
        Outcome outcome = run(Scenario.quiet(15, DAYS_90)
                .issuers("preferred")
                .staging(true)
                .span(Duration.ofDays(95))
                .with(
                        new Calamity.Unreachable(0, DUE, Duration.ofDays(6)),
                        new Calamity.Outage("preferred-staging", DUE, Duration.ofDays(1000), Absence.SILENT)));

        assertNoGap(outcome);
    }

    @Test
    void shortLivedCertificatesSurviveACaThatRefusesHalfOfAllRequests() throws IOException {
        Outcome outcome = run(Scenario.quiet(9, HOURS_160)
                .with(new Calamity.BadNetwork("*", Duration.ofDays(3), Duration.ofDays(400), 0.5)));

        assertNoGap(outcome);
    }

    @Test
    void everybodyIsToldToComeBackInSixHours() throws IOException {
        for (Duration lifetime : List.of(DAYS_90, HOURS_160)) {
            Outcome outcome = run(Scenario.quiet(10, lifetime)
                    .sites(5)
                    .span(Duration.ofDays(120))
                    .with(new Calamity.Refusals("*", DUE, Duration.ofHours(40), 1, Duration.ofHours(6))));

            assertNoGap(outcome);
        }
    }

    /** The fourth site has two names. */
    @Test
    void nameThatIsGoneForEverDoesNotTakeTheOtherOneOfItsSiteWithIt() throws IOException {
        for (Duration lifetime : List.of(DAYS_90, Duration.ofDays(45), HOURS_160)) {
            for (Duration from : List.of(Duration.ZERO, lifetime.dividedBy(2))) {
                Outcome outcome = run(Scenario.quiet(16, lifetime)
                        .sites(4)
                        .with(new Calamity.NameDead(3, from, Duration.ofDays(1000))));

                assertNoGap(outcome);
                assertThat(outcome.slowestFirst()).isLessThan(Duration.ofMinutes(30));
                assertThat(outcome.leastLeft()).as(lifetime.toString()).isGreaterThan(0.05);
                assertThat(outcome.refused()).isZero();
            }
        }
    }

    @Test
    void nameThatComesAndGoesInBadYearsCostsTheOtherOneNothing() throws IOException {
        for (int seed = 0; seed < 5; seed++) {
            List<Calamity> calamities = new ArrayList<>();
            for (int month = 0; month < 12; month += 2) {
                calamities.add(new Calamity.NameDead(3, Duration.ofDays(30L * month), Duration.ofDays(11L + month)));
            }
            Scenario scenario = Scenario.quiet(100 + seed, Duration.ofDays(45)).sites(4);

            assertKept(run(scenario.with(calamities.toArray(Calamity[]::new))));
            assertKept(run(scenario.with(calamities.toArray(Calamity[]::new)).with(Faults.SOME)));
        }
    }
}
