package dev.postern.certificate.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class PaceTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @Test
    void tenOrdersInTenSecondsWhereTheCaHasLimits() {
        Pace pace = Pace.of(true);
        for (int i = 0; i < 10; i++) {
            assertThat(pace.freeAt(NOW)).isEqualTo(NOW);
            pace.begin(NOW);
        }
        assertThat(pace.freeAt(NOW)).isEqualTo(NOW.plus(Duration.ofSeconds(10)));
        pace.takeBack();
        assertThat(pace.freeAt(NOW)).isEqualTo(NOW);
    }

    // Ten thousand new sites of the internal CA took almost three hours, of which it signed for a minute.
    @Test
    void caWithoutLimitsIsAskedAsFastAsItAnswers() {
        Pace pace = Pace.of(false);
        for (int i = 0; i < 10_000; i++) {
            pace.begin(NOW);
        }
        assertThat(pace.freeAt(NOW)).isEqualTo(NOW);
    }
}
