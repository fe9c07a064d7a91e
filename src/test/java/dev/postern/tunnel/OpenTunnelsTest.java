package dev.postern.tunnel;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When tunnels are closed at a shutdown, by a clock that is moved by hand. */
class OpenTunnelsTest {
    private final EmbeddedChannel time = new EmbeddedChannel();
    private final List<Integer> closed = new ArrayList<>();
    private final OpenTunnels tunnels = new OpenTunnels(time.eventLoop());

    @BeforeEach
    void stopTheClock() {
        time.freezeTime();
    }

    @AfterEach
    void letItGo() {
        time.finishAndReleaseAll();
    }

    private Tunnel begin(Integer number) {
        Tunnel[] begun = new Tunnel[1];
        begun[0] = tunnels.begin(
                why -> {
                    begun[0].ended();
                    closed.add(number);
                },
                Duration.ofHours(1));
        return begun[0];
    }

    private List<Tunnel> beginAll(int count) {
        return IntStream.range(0, count).mapToObj(this::begin).toList();
    }

    private void pass(long millis) {
        time.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        time.runPendingTasks();
    }

    /** Those who come back at once are not to come back all at once. */
    @Test
    void theyAreClosedOneAfterTheOtherTheOldestFirst() {
        beginAll(24);

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
        beginAll(10_000);

        tunnels.drain(Duration.ofSeconds(10));

        for (int step = 1; step < 400; step++) {
            assertThat(closed).hasSizeBetween(25 * step, 26 * step);
            pass(20);
        }
        assertThat(closed).hasSize(10_000);
    }

    @Test
    void whereNobodyWaitsTheyEndAtEvenIntervalsAndTheFirstNotAtOnce() {
        beginAll(4);

        tunnels.drainSlowly(Duration.ofSeconds(20));

        for (int i = 0; i < 4; i++) {
            assertThat(closed).hasSize(i);
            pass(3_999);
            assertThat(closed).hasSize(i);
            pass(1);
        }
        assertThat(closed).hasSize(4);
    }

    @Test
    void tooManyForThatAreClosedFasterThere() {
        beginAll(10_000);

        tunnels.drainSlowly(Duration.ofSeconds(10));

        pass(7_999);
        assertThat(closed).hasSizeGreaterThan(9_900);
        pass(40);
        assertThat(closed).hasSize(10_000);
    }

    /** It has other things to do. */
    @Test
    void loopThatIsLateMakesUpForIt() {
        beginAll(10_000);
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
        List<Tunnel> three = beginAll(3);
        tunnels.drain(Duration.ofSeconds(20));

        three.get(1).ended();
        pass(20);

        assertThat(closed).containsExactly(0, 2);
    }

    /** An exchange under way that its server upgrades. */
    @Test
    void whatBeginsMeanwhileIsClosedToo() {
        tunnels.drain(Duration.ofSeconds(20));
        pass(5000);
        begin(7);

        pass(20);

        assertThat(closed).containsExactly(7);
    }

    @Test
    void withoutAnyGraceAllAreClosedAtOnce() {
        beginAll(1000);

        tunnels.drain(Duration.ZERO);
        pass(0);

        assertThat(closed).hasSize(1000);
    }
}
