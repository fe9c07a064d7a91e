package dev.postern.http.coding;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Compression;
import dev.postern.config.Compression.Encoding;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.HeadParser;
import dev.postern.http.message.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ResponseCompressionTest {
    private static final Compression WANTED = new Compression(List.of(Encoding.BR), List.of("text/*"), 0);

    private static final HeadParser PARSER = new HeadParser(8192, 100);

    private final ResponseHead came = head();

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static ResponseHead head() {
        byte[] response = bytes("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n");
        try {
            return Objects.requireNonNull(PARSER.response(response, response.length, Set.of()));
        } catch (BadMessage e) {
            throw new IllegalStateException(e);
        }
    }

    private ResponseStage next() throws BadMessage {
        byte[] request = bytes("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
        return ResponseCompression.of(WANTED, Objects.requireNonNull(PARSER.request(request, request.length)), came);
    }

    private static boolean isActive(ResponseStage stage) {
        return stage.bodyLength(9) == ResponseHead.CHUNKED;
    }

    /** Clients that ask for many pages and read none hold the memory of as many coders. */
    @Test
    void responsesBeyondTheRoomForCodersGoOutAsTheyAre() throws Exception {
        List<ResponseStage> active = new ArrayList<>();
        try {
            ResponseStage last = next();
            for (; isActive(last); last = next()) {
                active.add(last);
            }

            assertThat(active).hasSizeGreaterThanOrEqualTo(50);
            assertThat(last.head(came).declaredLength()).isEqualTo(9);
            assertThat(last.head(came).fields().find("content-encoding", 0)).isNegative();
            // Another time the client may get it compressed.
            assertThat(last.head(came).fields().find("vary", 0)).isNotNegative();

            // However often the end of one is told, it makes room for one.
            active.get(0).close();
            active.get(0).close();
            ResponseStage fits = next();
            active.add(fits);
            assertThat(isActive(fits)).isTrue();
            assertThat(isActive(next())).isFalse();
        } finally {
            active.forEach(ResponseStage::close);
        }
    }
}
