package dev.postern.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.simulation.Calamity.Absence;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A Postern with a fault is caught, and the same world without the fault is not. */
@Tag("long")
class WitnessTest {
    private static final Duration DAYS_90 = Duration.ofDays(90);

    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdown();
    }

    private String caught(Scenario scenario, Defect defect) throws IOException {
        assertThat(new Simulation(threads).run(scenario).violation())
                .as("without the fault")
                .isNull();
        Outcome outcome = new Simulation(threads).run(scenario, null, defect);
        return Objects.requireNonNull(outcome.violation(), "the broken promise").what();
    }

    @Test
    void whoNeverLooksAgainIsCaught() throws IOException {
        assertThat(caught(Scenario.quiet(1, DAYS_90).span(Duration.ofDays(100)), Defect.DEAF))
                .contains("expired, though a new certificate could be had");
    }

    @Test
    void whoNeverTriesAgainIsCaught() throws IOException {
        Scenario scenario = Scenario.quiet(1, DAYS_90)
                .span(Duration.ofDays(100))
                .with(new Calamity.Outage("*", Duration.ofDays(57), Duration.ofDays(5), Absence.REFUSED));

        assertThat(caught(scenario, Defect.NO_RETRY)).contains("expired, though a new certificate could be had");
    }

    /** Everything fails but for a day and a half somewhere in the last third: that has to be enough. */
    @Test
    void whoNeverTriesAgainIsCaughtWhereThereWasOneChanceOnly() throws IOException {
        Scenario scenario = Scenario.quiet(2, DAYS_90)
                .span(Duration.ofDays(100))
                .with(
                        new Calamity.Outage("*", Duration.ofDays(57), Duration.ofDays(17), Absence.SILENT),
                        new Calamity.Outage("*", Duration.ofHours(74 * 24 + 36), Duration.ofDays(40), Absence.SILENT));

        assertThat(caught(scenario, Defect.NO_RETRY)).contains("expired, though a new certificate could be had");
    }

    @Test
    void whoIgnoresRateLimitsIsCaught() throws IOException {
        // More than the 300 orders in three hours that an account may make.
        Scenario scenario =
                Scenario.quiet(3, DAYS_90).sites(320).issuers("preferred").span(Duration.ofHours(6));

        assertThat(caught(scenario, Defect.NO_LIMITS)).contains("a rate limit was reached");
    }

    @Test
    void whoDoesNotSyncIsCaught() throws IOException {
        Calamity[] losses = new Calamity[8];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = new Calamity.PowerLossAtWrite(Duration.ofHours(80L * i), 12 + 4 * i, Duration.ofMinutes(1));
        }

        Scenario scenario = Scenario.quiet(4, Duration.ofHours(160))
                .span(Duration.ofDays(30))
                .with(losses);

        assertThat(caught(scenario, Defect.NO_SYNC))
                .containsPattern("neither in the journal nor is its certificate|gave way to one until");
    }

    @Test
    void whoForgetsAnOrderIsCaught() throws IOException {
        Calamity[] deaths = new Calamity[8];
        for (int i = 0; i < deaths.length; i++) {
            deaths[i] = new Calamity.DeathAtWrite(Duration.ofHours(80L * i), 12 + 4 * i, Duration.ofMinutes(1));
        }
        Scenario scenario = Scenario.quiet(5, Duration.ofHours(160))
                .span(Duration.ofDays(30))
                .with(deaths);

        assertThat(caught(scenario, Defect.NO_JOURNAL)).contains("neither in the journal nor is its certificate");
    }

    @Test
    void whoStoresTheWrongKeyIsCaught() throws IOException {
        assertThat(caught(Scenario.quiet(6, DAYS_90).span(Duration.ofDays(10)), Defect.OTHER_KEY))
                .contains("privkey.pem does not fit");
    }
}
