package dev.postern.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.route.PathRule.Slashes;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One path, one form; and what has none. */
class PathRuleTest {
    /** What paths that are up to something are made of. */
    private static final List<String> PARTS = List.of(
            "/", "/", "/", ".", "..", "%2e", "%2E%2e", "%2f", "%5C", "\\", ";", "%3b", "a", "b", "%61", "%7e", "%20",
            "%25", "2e", "%00", "%1F", "%c0", "%af", "%ae", "%E0", "%80", "%C3%A4", "%", "%g1", "...", "~", "-._");

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "/, /",
        "/a/b, /a/b",
        "/a/b/, /a/b/",
        "/%61%41%7e%2D%5f%39, /aA~-_9",
        "/%c3%a4%2b%3b, /%C3%A4%2B%3B",
        "/%25%32%65, /%252e",
        "/%252e%252e/a, /%252e%252e/a",
        "//, /",
        "///a////b//, /a/b/",
        "/./a, /a",
        "/a/., /a/",
        "/a/.., /",
        "/a/../b, /b",
        "/a/b/../../c, /c",
        "/a/%2e%2e/b, /b",
        "/a/.%2E/b, /b",
        "/a/%2e/b, /a/b",
        "/a//../b, /b",
        "/a/..//b, /b",
        "/a/.../..a/a.., /a/.../..a/a..",
        "/.well-known/x, /.well-known/x",
        "/.;x, refused",
        "/a/..;/b, refused",
        "/a/..;x=1/b, refused",
        "/a/%2e%2e%3b/b, refused",
        "/.., refused",
        "/../a, refused",
        "/a/../../b, refused",
        "//../a, refused",
        "/%2e%2e/a, refused",
        "/a/..%2fb, refused",
        "/a/..%5Cb, refused",
        "/a%2f.., refused",
        "/a%2f..%2fb, refused",
        "/a%2f./b, refused",
        "/a%2F..b, /a%2F..b",
        "/a%2fb%5cc, /a%2Fb%5Cc",
        "/%, refused",
        "/%2, refused",
        "/%2g, refused",
        "/%%32e, refused",
        "/%00, refused",
        "/a%0d%0ab, refused",
        "/%7f, refused",
        "/a\\b, refused",
        "/%c0%ae%c0%ae/, refused",
        "/%C0%AF, refused",
        "/%e0%80%af, refused",
        "/%f0%80%80%af, refused",
        "/%c0x, /%C0x",
        "/%e0%a0%80, /%E0%A0%80",
    })
    void everyPathHasOneFormOrIsRefused(String path, String expected) {
        assertThat(form(path, Slashes.MERGE)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "//, //",
        "/a//b, /a//b",
        "/https://example.com/x, /https://example.com/x",
        "/a//./b, /a//b",
        "/a//../b, /b",
        "/a//.., /",
        "//../a, refused",
        "//%2e%2e, refused",
    })
    void slashesMayBeKeptButNotFollowedUpwards(String path, String expected) {
        assertThat(form(path, Slashes.KEEP)).isEqualTo(expected);
    }

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "/a, /a",
        "/a;x=1, /a",
        "/a;x/b;y/, /a/b/",
        "/a;, /a",
        "/;x, /",
        "/;x/a, /a",
        "/a/;x;y/;z/b, /a/b",
        "/a%3Bx, /a%3Bx",
        "/, /",
    })
    void parametersDoNotChooseRoutes(String path, String routed) {
        byte[] seen = PathRule.withoutParameters(bytes(path));

        assertThat(new String(seen, StandardCharsets.ISO_8859_1)).isEqualTo(routed);
        assertThat(PathRule.after(bytes("x" + path), 1, 1 + path.length(), routed.length()))
                .isEqualTo(1 + path.length());
    }

    @Test
    void refusalSaysWhy() {
        assertThatThrownBy(() -> PathRule.apply(bytes("/a/../../b"), 0, 10, Slashes.MERGE))
                .isInstanceOf(PathRefused.class)
                .hasMessage("path has a .. that leads above the root");
    }

    @Property
    @StatisticsReport(StatisticsReport.StatisticsReportMode.OFF)
    void whateverComesTheFormIsFinalAndNeverLeavesTheRoot(@ForAll("paths") String path) {
        String form = form(path, Slashes.MERGE);
        String kept = form(path, Slashes.KEEP);

        boolean refused = form.equals("refused");
        assertThat(kept.equals("refused")).isEqualTo(refused);
        Statistics.collect(refused);
        Statistics.coverage(seen -> {
            seen.check(true).percentage(share -> share > 10);
            seen.check(false).percentage(share -> share > 10);
        });
        if (!refused) {
            assertThat(form(form, Slashes.MERGE)).isEqualTo(form);
            assertThat(form).startsWith("/").doesNotContain("//", "\\").doesNotMatch(".*/\\.\\.?(/.*)?");
            // Whoever decodes it, once and completely, finds no way up either.
            assertThat("/" + decoded(form).replace('\\', '/') + "/").doesNotContain("/../");
            assertThat(form(kept, Slashes.KEEP)).isEqualTo(kept);
            assertThat(kept.replaceAll("/+", "/")).isEqualTo(form);
        }
    }

    /** The resolution of RFC 3986 is that of every URI library. */
    @Property
    void dotSegmentsAreResolvedAsUriLibrariesDo(@ForAll("segments") String path) {
        String expected = URI.create(path).normalize().getPath();
        boolean above = expected.equals("/..") || expected.startsWith("/../");

        assertThat(form(path, Slashes.MERGE)).isEqualTo(above ? "refused" : expected);
    }

    @Property
    void whatIsPlainIsInItsFormAlready(@ForAll("paths") String path) {
        if (PathRule.isPlain(bytes(path), 0, path.length())) {
            assertThat(form(path, Slashes.MERGE)).isEqualTo(path);
        }
    }

    @Test
    void whatNeedsNoDecodingIsPlain() {
        assertThat(PathRule.isPlain(bytes("//a/b,c=1/-._~!$&'()*+,=:@//"), 1, 27))
                .isTrue();
    }

    /** A prefix that is rewritten takes with it what was matched, and leaves what was not, whatever parameters there are. */
    @Property
    void pathIsCutWhereItWasMatched(
            @ForAll("paths") String path, @ForAll Slashes slashes, @ForAll @IntRange(max = 30) int count) {
        String form = form(path, slashes);
        if (!form.equals("refused")) {
            String routed = routed(form);
            int matched = Math.min(count, routed.length());

            int at = PathRule.after(bytes(form), 0, form.length(), matched);

            assertThat(routed(form.substring(0, at))).isEqualTo(routed.substring(0, matched));
            assertThat(routed(form.substring(at))).isEqualTo(routed.substring(matched));
        }
    }

    @Provide
    Arbitrary<String> paths() {
        return Arbitraries.of(PARTS).list().ofMaxSize(8).map(parts -> "/" + String.join("", parts));
    }

    @Provide
    Arbitrary<String> segments() {
        return Arbitraries.of("a", "b", ".", "..", "c.", "...")
                .list()
                .ofMinSize(1)
                .ofMaxSize(8)
                .map(segments -> "/" + String.join("/", segments));
    }

    private static String routed(String form) {
        return new String(PathRule.withoutParameters(bytes(form)), StandardCharsets.ISO_8859_1);
    }

    private static String decoded(String path) {
        StringBuilder decoded = new StringBuilder();
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) == '%') {
                decoded.append((char) Integer.parseInt(path.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                decoded.append(path.charAt(i));
            }
        }
        return decoded.toString();
    }

    /** With something before the path and after it. */
    private static String form(String path, Slashes slashes) {
        byte[] bytes = bytes("GET " + path + "2e?x");
        try {
            return new String(PathRule.apply(bytes, 4, 4 + path.length(), slashes), StandardCharsets.ISO_8859_1);
        } catch (PathRefused e) {
            return "refused";
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
