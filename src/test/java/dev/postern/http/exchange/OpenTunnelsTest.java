package dev.postern.http.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When tunnels are closed at a shutdown, by a clock that is moved by hand. */
class OpenTunnelsTest {
    private final EmbeddedChannel time = new EmbeddedChannel();
    private final List<Integer> closed = new ArrayList<>();
    private final OpenTunnels<Integer> tunnels = new OpenTunnels<>(time.eventLoop(), this::close);

    @BeforeEach
    void stopTheClock() {
        time.freezeTime();
    }

    @AfterEach
    void letItGo() {
        time.finishAndReleaseAll();
    }

    private void close(Integer tunnel) {
        tunnels.ends(tunnel);
        closed.add(tunnel);
    }

    private void begin(int count) {
        for (int i = 0; i < count; i++) {
            tunnels.begins(i);
        }
    }

    private void pass(long millis) {
        time.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        time.runPendingTasks();
    }

    /** Those who come back at once are not to come back all at once. */
    @Test
    void theyAreClosedOneAfterTheOtherTheOldestFirst() {
        begin(24);

        tunnels.drain(Duration.ofSeconds(20));

        for (int i = 0; i < 24; i++) {
            assertThat(closed).hasSize(i + 1).last().isEqualTo(i);
            pass(19);
            assertThat(closed).hasSize(i + 1);
            pass(1);
        }
    }

    @Test
    void manyAreClosedFasterSoThatAFifthOfTheGraceIsLeft() {
        begin(10_000);

        tunnels.drain(Duration.ofSeconds(10));

        for (int step = 1; step < 400; step++) {
            assertThat(closed).hasSizeBetween(25 * step, 26 * step);
            pass(20);
        }
        assertThat(closed).hasSize(10_000);
    }

    /** It has other things to do. */
    @Test
    void loopThatIsLateMakesUpForIt() {
        begin(10_000);
        tunnels.drain(Duration.ofSeconds(10));

        for (int second = 1; second < 8; second++) {
            pass(1000);
            assertThat(closed).hasSizeLessThan(1000 * second);
        }
        pass(1000);

        assertThat(closed).hasSize(10_000);
    }

    @Test
    void whatEndsByItselfIsNotWaitedFor() {
        begin(3);
        tunnels.drain(Duration.ofSeconds(20));

        tunnels.ends(1);
        pass(20);

        assertThat(closed).containsExactly(0, 2);
    }

    /** An exchange under way that its server upgrades. */
    @Test
    void whatBeginsMeanwhileIsClosedToo() {
        tunnels.drain(Duration.ofSeconds(20));
        pass(5000);
        tunnels.begins(7);

        pass(20);

        assertThat(closed).containsExactly(7);
    }

    @Test
    void withoutAnyGraceAllAreClosedAtOnce() {
        begin(1000);

        tunnels.drain(Duration.ZERO);
        pass(0);

        assertThat(closed).hasSize(1000);
    }
}
