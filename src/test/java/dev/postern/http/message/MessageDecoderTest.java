package dev.postern.http.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.wire.Failure.ByClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageDecoderTest {
    private static final String MESSAGES = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
            + "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello\r\nyou!"
            + "\r\nPOST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;ext=1\r\nhello\r\n00c\r\n, and \r\n you\r\n0;last\r\nX-Sum: 1\r\nX-End:\r\n\r\n"
            + "POST /4 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + "POST /5 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
            + "GET /6 HTTP/1.0\r\nHost: a\r\n\r\n";

    private static final List<String> PARTS = List.of(
            "/1",
            "end",
            "/2",
            "hello\r\nyou!",
            "end",
            "/3",
            "hello, and \r\n you",
            "end X-Sum=1 X-End=",
            "/4",
            "end",
            "/5",
            "end",
            "/6",
            "end");

    /** Each costs as much as hundreds of bytes: what came together goes on together. */
    @Test
    void smallChunksThatComeTogetherGoOnTogether() throws Exception {
        Parts parts = new Parts();
        String chunk = "1\r\nx\r\n";

        parts.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk.repeat(10_000));
        parts.feed(chunk.repeat(3) + "64\r\n" + "y".repeat(100) + "\r\n" + chunk + "0\r\n\r\n");

        assertThat(parts.lengths).containsExactly(10_000, 3, 100, 1);
        parts.decoder.close();
    }

    @Test
    void messagesHaveTheSamePartsWhereverTheyAreCut() throws Exception {
        for (int cut = 0; cut <= MESSAGES.length(); cut++) {
            Parts parts = new Parts();

            parts.feed(MESSAGES.substring(0, cut));
            parts.feed(MESSAGES.substring(cut));

            assertThat(parts.list()).as("cut at " + cut).isEqualTo(PARTS);
            parts.decoder.close();
        }
    }

    @Property
    void messagesHaveTheSamePartsInWhateverPieces(
            @ForAll @Size(max = 100) List<@IntRange(min = 1, max = 40) Integer> sizes) throws Exception {
        Parts parts = new Parts();

        int at = 0;
        for (int size : sizes) {
            int to = Math.min(MESSAGES.length(), at + size);
            parts.feed(MESSAGES.substring(at, to));
            at = to;
        }
        parts.feed(MESSAGES.substring(at));

        assertThat(parts.list()).isEqualTo(PARTS);
        assertThat(parts.decoder.holdsBytes()).isFalse();
    }

    @Test
    void messagesHaveTheSamePartsByteByByte() throws Exception {
        Parts parts = new Parts();

        for (int at = 0; at < MESSAGES.length(); at++) {
            parts.feed(MESSAGES.substring(at, at + 1));
        }

        assertThat(parts.list()).isEqualTo(PARTS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5\nhello\r\n0\r\n\r\n",
                "5\r\nhello\n0\r\n\r\n",
                "5\r\nhello0\r\n\r\n",
                "5;\rx\r\nhello\r\n",
                "5\r\nhello\r\n0\r\nX\r\n\r\n",
                "5\r\nhello\r\n0\r\nX: y\nZ\r\n\r\n",
                "5 \r\nhello\r\n",
                "\r\n\r\n",
                "ffffffffffffffff\r\n"
            })
    void brokenChunksAreRefusedWhereverTheyAreCut(String body) {
        String message = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
        for (int cut = 1; cut < message.length(); cut++) {
            Parts parts = new Parts();
            int at = cut;

            assertThatThrownBy(() -> {
                        parts.feed(message.substring(0, at));
                        parts.feed(message.substring(at));
                    })
                    .as("cut at " + at)
                    .isInstanceOf(BadMessage.class);
            assertThat(parts.list()).noneMatch(part -> part.startsWith("end"));
            parts.decoder.close();
        }
    }

    @Test
    void headThatDripsInIsNotParsedAtEveryDrop() throws Exception {
        Parts parts = new Parts();
        String head = "GET /slow HTTP/1.1\r\nHost: a\r\nX: " + "y".repeat(4000) + "\r\n\r\n";

        for (int at = 0; at < head.length(); at++) {
            parts.feed(head.substring(at, at + 1));
        }

        assertThat(parts.list()).containsExactly("/slow", "end");
        // At its first byte, and where a line ends.
        assertThat(parts.headCalls).isLessThanOrEqualTo(5);
    }

    @Test
    void trailersThatDripInAreTrailersLikeAnyOther() throws Exception {
        Parts parts = new Parts();
        parts.feed("POST /t HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
        String trailers = "X: " + "y".repeat(4000) + "\r\n\r\n";

        for (int at = 0; at < trailers.length(); at++) {
            parts.feed(trailers.substring(at, at + 1));
        }

        assertThat(parts.list()).containsExactly("/t", "end X=" + "y".repeat(4000));
    }

    @Test
    void whatTheReceiverIsNotReadyForIsHeldBack() throws Exception {
        Parts parts = new Parts();
        parts.ready = false;

        parts.feed("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(parts.list()).isEmpty();
        assertThat(parts.decoder.holdsBytes()).isTrue();
        parts.ready = true;
        parts.decoder.decode();

        assertThat(parts.list()).containsExactly("/1", "end");
    }

    @Test
    void whatComesAfterTheEndIsLetGo() throws Exception {
        Parts parts = new Parts();
        ByteBuf late = Unpooled.copiedBuffer(MESSAGES, StandardCharsets.ISO_8859_1);
        parts.decoder.close();

        parts.decoder.decode(UnpooledByteBufAllocator.DEFAULT, late);

        assertThat(parts.list()).isEmpty();
        assertThat(late.refCnt()).isZero();
    }

    @Test
    void whatWasHeldBackIsHandedOverAtAStop() throws Exception {
        Parts parts = new Parts();
        parts.ready = false;
        parts.feed("held");

        ByteBuf rest = Objects.requireNonNull(parts.decoder.stop());

        assertThat(rest.toString(StandardCharsets.ISO_8859_1)).isEqualTo("held");
        assertThat(parts.decoder.holdsBytes()).isFalse();
        rest.release();
    }

    /** Writes down what it is given, neighbouring pieces of a body as one. */
    private static final class Parts implements MessageDecoder.Receiver {
        private final HeadParser parser = new HeadParser(8192, 100);
        private final MessageDecoder decoder =
                new MessageDecoder(this, new HeadSpace(parser, 16 * 1024), ByClient.MALFORMED, ByClient.HEAD_TOO_LARGE);
        private final List<String> parts = new ArrayList<>();
        private final List<Integer> lengths = new ArrayList<>();
        private boolean inBody;
        private boolean ready = true;
        private int headCalls;
        private @Nullable RequestHead head;

        void feed(String bytes) throws BadMessage {
            decoder.decode(UnpooledByteBufAllocator.DEFAULT, Unpooled.copiedBuffer(bytes, StandardCharsets.ISO_8859_1));
        }

        List<String> list() {
            return parts;
        }

        @Override
        public boolean readyForHead() {
            return ready;
        }

        @Override
        public int head(byte[] bytes, int to) throws BadMessage {
            headCalls++;
            RequestHead parsed = parser.request(bytes, to);
            if (parsed == null) {
                return -1;
            }
            head = parsed;
            return parsed.fields().bytes().length;
        }

        @Override
        public long begin() {
            RequestHead begun = Objects.requireNonNull(head);
            parts.add(begun.target().text());
            inBody = false;
            return begun.contentLength();
        }

        @Override
        public void body(ByteBuf part) {
            lengths.add(part.readableBytes());
            String text = part.toString(StandardCharsets.ISO_8859_1);
            part.release();
            if (inBody) {
                parts.set(parts.size() - 1, parts.get(parts.size() - 1) + text);
            } else {
                parts.add(text);
            }
            inBody = true;
        }

        @Override
        public void end(@Nullable Fields trailers) {
            StringBuilder end = new StringBuilder("end");
            for (int i = 0; trailers != null && i < trailers.count(); i++) {
                end.append(' ')
                        .append(trailers.text(trailers.nameFrom(i), trailers.nameTo(i)))
                        .append('=')
                        .append(trailers.value(i));
            }
            parts.add(end.toString());
            inBody = false;
        }
    }
}
