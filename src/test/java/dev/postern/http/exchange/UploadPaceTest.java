package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.wire.Failure.ByClient;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class UploadPaceTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final UploadPace pace = new UploadPace(at(0));

    @Test
    void silenceIsAllowedForAsLongAsTheTimeout() {
        pace.partCame(at(1));

        assertThat(pace.check(at(31), TIMEOUT, 1_000_000)).isNull();
        assertThat(pace.check(at(32), TIMEOUT, 1_000_000)).isEqualTo(ByClient.BODY_TIMEOUT);
    }

    @Test
    void slownessCountsOnlyAfterTenSeconds() {
        pace.partCame(at(10));

        assertThat(pace.check(at(10), TIMEOUT, 1)).isNull();
        assertThat(pace.check(at(11), TIMEOUT, 1)).isEqualTo(ByClient.BODY_TOO_SLOW);
    }

    @Test
    void twoHundredAndFortyBytesASecondAreEnough() {
        pace.partCame(at(100));

        assertThat(pace.check(at(100), TIMEOUT, 24_000)).isNull();
        assertThat(pace.check(at(100), TIMEOUT, 23_999)).isEqualTo(ByClient.BODY_TOO_SLOW);
    }

    @Test
    void timeInWhichWeKeptTheClientFromSendingDoesNotCount() {
        pace.partCame(at(5));

        pace.resumed(at(1000));

        assertThat(pace.check(at(1005), TIMEOUT, 1)).isNull();
        assertThat(pace.check(at(1006), TIMEOUT, 1)).isEqualTo(ByClient.BODY_TOO_SLOW);
    }

    @Test
    void clientThatWaitedForA100HasAllItsTimeAfterIt() {
        pace.begins(at(29));

        assertThat(pace.check(at(39), TIMEOUT, 0)).isNull();
    }

    private static long at(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }
}
