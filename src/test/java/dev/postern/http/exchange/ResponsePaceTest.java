package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.wire.Failure.ByClient;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ResponsePaceTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final ResponsePace pace = new ResponsePace();

    @Test
    void nothingTakenIsAllowedForAsLongAsTheTimeout() {
        assertThat(check(0, 7)).isNull();
        assertThat(check(1, 1_000_000)).isNull();
        assertThat(check(31, 1_000_000)).isNull();
        assertThat(check(32, 1_000_000)).isEqualTo(ByClient.RESPONSE_NOT_TAKEN);
    }

    @Test
    void twoHundredAndFortyBytesASecondAreEnough() {
        for (int second = 0; second < 1000; second += 5) {
            assertThat(check(second, 240L * second)).isNull();
        }
    }

    @Test
    void bytesNowAndThenAreTooFew() {
        for (int second = 0; second <= 30; second += 5) {
            assertThat(check(second, 239L * second)).isNull();
        }
        assertThat(check(31, 239L * 31)).isEqualTo(ByClient.RESPONSE_TAKEN_TOO_SLOWLY);
    }

    // A receiver with a large buffer tells of the room in it once a good part of it is free.
    @Test
    void leapsAreFairAsLongAsTheyAreNoFurtherApartThanTheTimeout() {
        for (int second = 0; second < 1000; second++) {
            assertThat(check(second, 400_000L * (second / 29))).isNull();
        }
    }

    @Test
    void whatWasTakenQuicklyDoesNotPayForWhatIsNot() {
        assertThat(check(0, 0)).isNull();
        assertThat(check(20, 100_000_000)).isNull();
        for (int second = 21; second <= 61; second++) {
            assertThat(check(second, 100_000_000 + second)).isNull();
        }
        assertThat(check(62, 100_000_062)).isEqualTo(ByClient.RESPONSE_TAKEN_TOO_SLOWLY);
    }

    @Test
    void timeInWhichNothingIsOwedDoesNotCount() {
        assertThat(check(0, 0)).isNull();
        assertThat(check(29, 0)).isNull();
        pace.nothingOwed();

        assertThat(check(1000, 0)).isNull();
        assertThat(check(1030, 0)).isNull();
        assertThat(check(1031, 0)).isEqualTo(ByClient.RESPONSE_NOT_TAKEN);
    }

    @Test
    void minimumIsNotForThoseThatShareIt() {
        for (int second = 0; second < 1000; second++) {
            assertThat(pace.check(at(second), TIMEOUT, second, false)).isNull();
        }
    }

    @Test
    void shortTimeoutStillLeavesTenSecondsForTheMinimum() {
        for (int second = 0; second <= 10; second++) {
            assertThat(pace.check(at(second), Duration.ofSeconds(2), second, true))
                    .isNull();
        }
        assertThat(pace.check(at(11), Duration.ofSeconds(2), 11, true)).isEqualTo(ByClient.RESPONSE_TAKEN_TOO_SLOWLY);
    }

    private @Nullable ByClient check(long second, long taken) {
        return pace.check(at(second), TIMEOUT, taken, true);
    }

    private static long at(long seconds) {
        return Duration.ofSeconds(seconds).toNanos();
    }
}
