package dev.postern.http.message;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.http.exchange.ForwardedHeaders;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.NumericChars;
import net.jqwik.api.constraints.StringLength;

/** What fields are taken for by their names; {@link SpoofedHeadersTest} has what becomes of them on the way. */
class FieldNameTest {
    private static final List<String> OURS = List.of(
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-prefix",
            "x-forwarded-",
            "x-forwarded-client-cert",
            "x-real-ip",
            "x-original-url",
            "x-original-",
            "x-rewrite-url",
            "client-ip",
            "x-client-ip",
            "true-client-ip",
            "x-cluster-client-ip",
            "forwarded");

    @Property
    void noSpellingOfWhatOnlyWeMaySayIsLetThrough(@ForAll("spellings") String name) throws Exception {
        assertThat(ForwardedHeaders.removes(kind(name), false)).isTrue();
    }

    @Property
    void otherNamesAreNotOurs(@ForAll @AlphaChars @NumericChars @StringLength(min = 1, max = 24) String word)
            throws Exception {
        assertThat(kind("q-" + word)).isEqualTo(FieldName.OTHER);
    }

    /** Programs behind us may take the one for the other. */
    @Property
    void nameWithALowLineOrADotIsLetThroughFromNobody(
            @ForAll @AlphaChars @StringLength(max = 9) String before,
            @ForAll @AlphaChars @StringLength(max = 9) String after)
            throws Exception {
        for (String mark : List.of("_", ".")) {
            assertThat(ForwardedHeaders.removes(kind(before + mark + after), true))
                    .isTrue();
        }
    }

    /** In any case, and with what CGI and some frameworks take for a hyphen. */
    @Provide
    Arbitrary<String> spellings() {
        Arbitrary<List<Integer>> turns =
                Arbitraries.integers().between(0, 5).list().ofSize(24);
        return Combinators.combine(Arbitraries.of(OURS), turns).as(FieldNameTest::spelt);
    }

    private static String spelt(String name, List<Integer> turns) {
        StringBuilder spelt = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            int turn = turns.get(i);
            spelt.append(c == '-' ? "----_.".charAt(turn) : turn < 3 ? c : Character.toUpperCase(c));
        }
        return spelt.toString();
    }

    private static int kind(String name) throws BadMessage {
        byte[] head = ("GET / HTTP/1.1\r\nHost: a\r\n" + name + ": x\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        return Objects.requireNonNull(new HeadParser(100, 2).request(head, head.length))
                .fields()
                .name(1);
    }
}
