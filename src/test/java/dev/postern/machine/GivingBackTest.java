package dev.postern.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GivingBackTest {
    @Test
    void afterABurstTheHeapIsCollectedOnce() {
        AtomicInteger collections = new AtomicInteger();
        try (MemoryGuard guard = new MemoryGuard(collector -> collections.incrementAndGet())) {
            assertThat(guard.giveBack(Duration.ZERO)).as("where there was none").isFalse();

            await().until(() -> {
                burst();
                return guard.giveBack(Duration.ZERO);
            });

            assertThat(collections).hasValue(1);
            burst();
            assertThat(guard.giveBack(Duration.ofHours(1)))
                    .as("while there is something to do")
                    .isFalse();
        }
    }

    /** Fills what is collected without being asked for. */
    private static void burst() {
        int all = 0;
        for (int i = 0; i < 2_000; i++) {
            all += new byte[256 * 1024].length;
        }
        assertThat(all).isPositive();
    }
}
