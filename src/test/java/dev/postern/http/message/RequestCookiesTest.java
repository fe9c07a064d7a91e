package dev.postern.http.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class RequestCookiesTest {
    private static Fields fields(String cookie) throws BadMessage {
        byte[] head =
                ("GET / HTTP/1.1\r\nHost: a\r\nCookie: " + cookie + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
        return Objects.requireNonNull(new HeadParser(8192, 100).request(head, head.length))
                .fields();
    }

    private static String without(String cookie) throws BadMessage {
        Fields rest = RequestCookies.without(fields(cookie), "S");
        int field = rest.find("cookie", 0);
        return field < 0 ? "" : rest.value(field);
    }

    @Test
    void cookieIsFoundByItsWholeNameAndNoOther() throws Exception {
        assertThat(RequestCookies.find(fields("AS=1; S; xS = 2;S=3; S=4"), "S")).isEqualTo("3");
        assertThat(RequestCookies.find(fields("S; T=S=1"), "S")).isNull();
        assertThat(without("AS=1; S; S=3;T=5; S=4")).isEqualTo("AS=1; S; T=5");
        assertThat(without("S=3;")).isEmpty();
    }

    /** Thousands of them cost the client a few bytes each; over HTTP/2, in the table of its headers, none at all. */
    @Test
    void cookiesWithoutAValueAreReadOnce() throws Exception {
        Fields many = fields(";".repeat(2_000_000));

        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            assertThat(RequestCookies.find(many, "S")).isNull();
            assertThat(RequestCookies.without(many, "S")).isSameAs(many);
        });
    }
}
