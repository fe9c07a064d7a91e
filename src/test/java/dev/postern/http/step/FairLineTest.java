package dev.postern.http.step;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Whose turn it is, and who goes where too many wait. */
class FairLineTest {
    private final FairLine<String> line = new FairLine<>();

    @Test
    void groupsTakeTurnsAtEveryLevel() {
        line.add(List.of("a", "x"), "ax1");
        line.add(List.of("a", "x"), "ax2");
        line.add(List.of("a", "x"), "ax3");
        line.add(List.of("a", "y"), "ay1");
        line.add(List.of("b", "x"), "bx1");
        line.add(List.of("b", "x"), "bx2");

        assertThat(rest()).containsExactly("ax1", "bx1", "ay1", "bx2", "ax2", "ax3");
    }

    @Test
    void lastOfThoseWhoHaveMostMakesRoomForWhoHasLess() {
        for (int i = 0; i < 4; i++) {
            line.add(List.of("a", "x"), "ax" + i);
        }
        line.add(List.of("a", "y"), "ay0");

        assertThat(line.sendAway(List.of("a", "x"))).isNull();
        assertThat(line.sendAway(List.of("a", "y"))).isEqualTo("ax3");
        assertThat(line.sendAway(List.of("a", "y"))).isEqualTo("ax2");
        // Two to one: it would not be fairer the other way round.
        assertThat(line.sendAway(List.of("a", "y"))).isNull();
        assertThat(line.sendAway(List.of("b", "x"))).isEqualTo("ax1");
        assertThat(rest()).containsExactly("ax0", "ay0");
    }

    /** However many others do, whoever waits alone in a group is among the next ones, as many as there are groups. */
    @Property(tries = 100)
    void nobodyWaitsForMoreThanATurnOfEachGroup(
            @ForAll @IntRange(min = 1, max = 8) int groups, @ForAll @IntRange(min = 1, max = 20) int each) {
        FairLine<String> full = new FairLine<>();
        for (int i = 0; i < groups * each; i++) {
            full.add(List.of(i % groups, i), "other");
        }
        full.add(List.of("own", 0), "own");

        int turns = 1;
        while (!Objects.equals(full.poll(), "own")) {
            turns++;
        }
        assertThat(turns).isLessThanOrEqualTo(groups + 1);
    }

    private List<String> rest() {
        List<String> rest = new ArrayList<>();
        for (String next = line.poll(); next != null; next = line.poll()) {
            rest.add(next);
        }
        return rest;
    }
}
