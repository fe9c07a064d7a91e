package dev.postern.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathRewriteTest {
    @ParameterizedTest(name = "{0} by {1}: {2} → {3}")
    @CsvSource({
        "/api, /, /api, /",
        "/api, /, /api/, /",
        "/api, /, /api/x, /x",
        "/api/, /v2, /api/x, /v2/x",
        "/api/, /v2/, /api/, /v2/",
        "/api, /v2/, /api, /v2",
        "/, /base, /x, /base/x",
        "/, /base/, '', /base/",
        "/, /, '', /",
        "/api, /v2, /api;v=1/x;y=2, /v2/x;y=2",
        "/a/b, /c, /a;1/;2/b/d, /c/d",
        "/a/b, /c, /a;1/b, /c",
    })
    void replacementTakesThePlaceOfThePrefix(String path, String replacement, String asked, String rewritten) {
        PathRewrite rewrite = Objects.requireNonNull(PathRewrite.from(path, replacement));
        byte[] bytes = ("GET " + asked + "?q").getBytes(StandardCharsets.ISO_8859_1);

        byte[] result = rewrite.of(bytes, 4, 4 + asked.length());

        assertThat(new String(result, StandardCharsets.ISO_8859_1)).isEqualTo(rewritten);
    }
}
