package dev.postern.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.HandClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class EndingCertificatesTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

    private final Backend backend = new Backend(new Configuration.Backend(
            "web", Balance.ROUND_ROBIN, List.of(new Configuration.Server("127.0.0.1", 443, 1)), null));
    private final Server server = backend.servers().get(0);

    @Test
    void certificateThatIsAboutToEndIsToldOnceADayUntilThereIsAnother() {
        HandClock clock = new HandClock(NOW);
        EndingCertificates ending = new EndingCertificates(clock);
        try (CapturedLog log = CapturedLog.begin()) {
            ending.look(List.of(backend));
            server.certificateEnds(NOW.plus(Duration.ofDays(15)));
            ending.look(List.of(backend));
            assertThat(log.lines("its certificate")).isEmpty();

            server.certificateEnds(NOW.plus(Duration.ofDays(2)));
            ending.look(List.of(backend));
            clock.advance(Duration.ofHours(23));
            ending.look(List.of(backend));
            assertThat(log.lines(
                            "backend web: server 127.0.0.1:443: its certificate ends on 2026-12-02T12:00:00Z, in 48 h"))
                    .hasSize(1);

            clock.advance(Duration.ofHours(1));
            ending.look(List.of(backend));
            assertThat(log.lines("in 24 h")).hasSize(1);

            clock.advance(Duration.ofDays(1));
            ending.look(List.of(backend));
            assertThat(log.lines("its certificate ended on 2026-12-02T12:00:00Z"))
                    .hasSize(1);

            server.certificateEnds(NOW.plus(Duration.ofDays(90)));
            clock.advance(Duration.ofDays(1));
            ending.look(List.of(backend));
            assertThat(log.lines("its certificate")).hasSize(3);
        }
    }
}
