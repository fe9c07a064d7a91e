package dev.postern.http.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorityTest {
    @ParameterizedTest
    @CsvSource({
        "example.com, example.com, -1",
        "EXAMPLE.com:80, example.com, 80",
        "example.com., example.com, -1",
        "example.com:, example.com, -1",
        "[::1]:, [::1], -1",
        "example.com.:443, example.com, 443",
        "a_b-c.1:65535, a_b-c.1, 65535",
        "127.0.0.1:1, 127.0.0.1, 1",
        "[::1], [::1], -1",
        "[2001:DB8::1]:8080, [2001:db8::1], 8080",
        "[::ffff:1.2.3.4]:00080, [::ffff:1.2.3.4], 80"
    })
    void hostAndPortAreRead(String text, String host, int port) throws Exception {
        assertThat(parse(text)).isEqualTo(new Authority(host, port));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                ":80",
                "a:0",
                "a:65536",
                "a:99999",
                "a:000001",
                "a:8 0",
                "a:+8",
                "a:8:8",
                "a b",
                "a/b",
                "a,b",
                "a@b",
                "a?b",
                "a#b",
                "a%41",
                "a\\b",
                "\u00e4",
                "*.a",
                "[",
                "[]",
                "[::1",
                "::1",
                "[::1]x",
                "[::1]:x",
                "[g::]",
                "[::1%eth0]",
                "[[::1]]",
                "a]",
                "a\0"
            })
    void whatIsNoHostAndPortIsRefused(String text) {
        assertThatThrownBy(() -> parse(text)).isInstanceOf(BadMessage.class);
    }

    private static Authority parse(String text) throws BadMessage {
        // Surrounded by what must not be read.
        byte[] bytes = ("x" + text + "x").getBytes(StandardCharsets.ISO_8859_1);
        return Authority.parse(bytes, 1, bytes.length - 1);
    }
}
