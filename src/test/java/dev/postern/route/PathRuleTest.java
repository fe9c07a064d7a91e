package dev.postern.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.route.PathRule.Slashes;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
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

    /** The seed is fixed: what fails once fails again. */
    @Test
    void whateverComesTheFormIsFinalAndNeverLeavesTheRoot() {
        Random random = new Random(42);
        int accepted = 0;
        for (int i = 0; i < 200_000; i++) {
            String path = path(random);

            String form = form(path, Slashes.MERGE);

            if (form.equals("refused")) {
                assertThat(form(path, Slashes.KEEP)).as(path).isEqualTo("refused");
                continue;
            }
            accepted++;
            assertThat(form(form, Slashes.MERGE)).as(path).isEqualTo(form);
            assertThat(form).as(path).startsWith("/").doesNotContain("//", "\\").doesNotMatch(".*/\\.\\.?(/.*)?");
            // Whoever decodes it, once and completely, finds no way up either.
            assertThat(("/" + decoded(form).replace('\\', '/') + "/").contains("/../"))
                    .as(path)
                    .isFalse();
            String kept = form(path, Slashes.KEEP);
            assertThat(form(kept, Slashes.KEEP)).as(path).isEqualTo(kept);
            assertThat(kept.replaceAll("/+", "/")).as(path).isEqualTo(form);
        }
        assertThat(accepted).isBetween(20_000, 180_000);
    }

    /** The resolution of RFC 3986 is that of every URI library. */
    @Test
    void dotSegmentsAreResolvedAsUriLibrariesDo() {
        Random random = new Random(43);
        for (int i = 0; i < 20_000; i++) {
            StringBuilder path = new StringBuilder();
            for (int part = random.nextInt(1, 8); part > 0; part--) {
                path.append('/')
                        .append(List.of("a", "b", ".", "..", "c.", "...").get(random.nextInt(6)));
            }
            String expected = URI.create(path.toString()).normalize().getPath();

            String form = form(path.toString(), Slashes.MERGE);

            if (expected.startsWith("/..")) {
                boolean threeDots = expected.startsWith("/...");
                assertThat(form).as(path.toString()).isEqualTo(threeDots ? expected : "refused");
            } else {
                assertThat(form).as(path.toString()).isEqualTo(expected);
            }
        }
    }

    @Test
    void whatIsPlainIsInItsFormAlready() {
        Random random = new Random(44);
        for (int i = 0; i < 50_000; i++) {
            String path = path(random);
            if (PathRule.isPlain(bytes(path), 0, path.length())) {
                assertThat(form(path, Slashes.MERGE)).isEqualTo(path);
            }
        }
        assertThat(PathRule.isPlain(bytes("//a/b,c=1/-._~!$&'()*+,=:@//"), 1, 27))
                .isTrue();
    }

    private static String path(Random random) {
        StringBuilder path = new StringBuilder("/");
        for (int part = random.nextInt(8); part > 0; part--) {
            path.append(PARTS.get(random.nextInt(PARTS.size())));
        }
        return path.toString();
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
