package dev.postern.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class RangesTest {
    // All addresses of a network that are asked about, one by one.
    private static final int ADDRESSES = 16;

    @Provide
    Arbitrary<List<String>> ranges() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, ADDRESSES - 1),
                        Arbitraries.integers().between(27, 32))
                .as((last, bits) -> Ranges.of("10.0.0." + last + "/" + bits).orElseThrow())
                .list()
                .ofMinSize(1)
                .ofMaxSize(4);
    }

    private static boolean has(List<String> ranges, int last) {
        return ranges.stream().anyMatch(range -> {
            String[] parts = range.split("[./]", -1);
            int bits = parts.length < 5 ? 32 : Integer.parseInt(parts[4]);
            return Integer.parseInt(parts[3]) >> (32 - bits) == last >> (32 - bits);
        });
    }

    @Property
    void whatBothHaveAndWhatIsLeft(@ForAll("ranges") List<String> some, @ForAll("ranges") List<String> others) {
        Ranges.Allowed both = Ranges.both(some, others);
        List<String> rest = Ranges.minus(some, others);

        for (int last = 0; last < ADDRESSES; last++) {
            assertThat(!both.isNobody() && has(both.ranges(), last)).isEqualTo(has(some, last) && has(others, last));
            assertThat(has(rest, last)).isEqualTo(has(some, last) && !has(others, last));
        }
    }

    @Test
    void familiesHaveNothingInCommon() {
        assertThat(Ranges.both(List.of("0.0.0.0/0"), List.of("::/0")).isNobody())
                .isTrue();
        assertThat(Ranges.minus(List.of("2001:db8::/126"), List.of("0.0.0.0/0", "2001:db8::1")))
                .containsExactly("2001:db8::2/127", "2001:db8::");
    }
}
