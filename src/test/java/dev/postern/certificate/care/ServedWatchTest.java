package dev.postern.certificate.care;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.pki.Certificate;
import dev.postern.testing.HandClock;
import dev.postern.testing.TestCa;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ServedWatchTest {
    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
    private static final String WILDCARD = "*.example.com";

    /** Each look makes a TLS context: ten thousand of them at once are no way to find out whether all is well. */
    @Test
    void someOfManySitesAreLookedAtAndTheNextTimeTheNextOnes() throws Exception {
        TestCa.Issued issued = TestCa.create().issue(List.of(WILDCARD), NOW, Duration.ofDays(90));
        Certificate certificate = Certificate.of(WILDCARD, "test", issued.key(), issued.chain());
        List<ServedWatch.Subject> all = IntStream.range(0, 2 * ServedWatch.AT_A_TIME + 50)
                .mapToObj(number -> "s" + number + ".example.com")
                .map(name -> new ServedWatch.Subject(name, List.of(name), false, () -> certificate))
                .toList();
        List<String> asked = new ArrayList<>();
        ServedWatch watch = new ServedWatch(new HandClock(NOW), Runnable::run);
        watch.start(name -> {
            asked.add(name);
            return certificate.leaf();
        });

        watch.askInTurn(all);
        assertThat(asked).hasSize(ServedWatch.AT_A_TIME).startsWith("s0.example.com");
        watch.askInTurn(all);
        watch.askInTurn(all);

        Set<String> once = new LinkedHashSet<>(asked);
        assertThat(once).hasSameSizeAs(all);
        assertThat(asked).hasSize(3 * ServedWatch.AT_A_TIME);
    }

    /** On a machine that has too much to do, a handshake with ourselves may take longer than we wait: once, or twice. */
    @Test
    void oneHandshakeThatFailsSaysNothingYet() throws Exception {
        TestCa.Issued issued = TestCa.create().issue(List.of(WILDCARD), NOW, Duration.ofDays(90));
        Certificate certificate = Certificate.of(WILDCARD, "test", issued.key(), issued.chain());
        ServedWatch.Subject subject =
                new ServedWatch.Subject("a.example.com", List.of("a.example.com"), false, () -> certificate);
        AtomicInteger failures = new AtomicInteger();
        ServedWatch watch = new ServedWatch(new HandClock(NOW), Runnable::run);
        watch.start(name -> {
            if (failures.getAndDecrement() > 0) {
                throw new IOException("no handshake within 5 s");
            }
            return certificate.leaf();
        });

        failures.set(2);
        assertThat(watch.look(subject).answer()).isEqualTo(CertificateStatus.Served.Answer.YES);
        failures.set(3);
        assertThat(watch.look(subject).answer()).isEqualTo(CertificateStatus.Served.Answer.NO);
    }
}
