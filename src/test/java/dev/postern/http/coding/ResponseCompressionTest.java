package dev.postern.http.coding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Compression;
import dev.postern.config.Compression.Encoding;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.HeadParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ResponseCompressionTest {
    private static final Compression WANTED = new Compression(List.of(Encoding.BR), List.of("text/*"), 0);

    private static ResponseCompression next() throws BadMessage {
        HeadParser parser = new HeadParser(8192, 100);
        byte[] request = "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        byte[] response = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII);
        return Objects.requireNonNull(ResponseCompression.of(
                WANTED,
                Objects.requireNonNull(parser.request(request, request.length)),
                Objects.requireNonNull(parser.response(response, response.length, Set.of()))));
    }

    /** Clients that ask for many pages and read none hold the memory of as many coders. */
    @Test
    void responsesBeyondTheRoomForCodersGoOutAsTheyAre() throws Exception {
        List<ResponseCompression> active = new ArrayList<>();
        try {
            ResponseCompression last = next();
            for (; last.isActive(); last = next()) {
                active.add(last);
            }

            assertThat(active).hasSizeGreaterThanOrEqualTo(50);
            assertThat(last.head().declaredLength()).isEqualTo(9);
            assertThat(last.head().fields().find("content-encoding", 0)).isNegative();
            // Another time the client may get it compressed.
            assertThat(last.head().fields().find("vary", 0)).isNotNegative();

            // However often the end of one is told, it makes room for one.
            active.get(0).close();
            active.get(0).close();
            ResponseCompression fits = next();
            active.add(fits);
            assertThat(fits.isActive()).isTrue();
            assertThat(next().isActive()).isFalse();
        } finally {
            active.forEach(ResponseCompression::close);
        }
    }
}
