package dev.postern.http.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.wire.Failure.ByClient;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeSet;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What there is to get wrong in a body of many reads only: where small chunks are gathered, sizes of several digits, lines of
 * the limit, trailers of many lines, and whatever is behind all that in the same read.
 */
class LargeBodiesTest {
    /** {@code MessageDecoder} gathers what is smaller, up to as many as below. */
    private static final int SMALL = 64;

    private static final int GATHERED = 16 * 1024;
    private static final int CHUNK_LINE = 256;

    /** Of a read, of a record, and of what is neither. */
    private static final int[] PIECES = {1000, 4096, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 5, 64 * 1024};

    /** Whether buffers leak others look at; that would cost ten times as much here. */
    private static final ByteBufAllocator UNWATCHED = new UnpooledByteBufAllocator(false, true);

    private static final String CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    /** For 128 letters: what is written in an annotation cannot be repeated. */
    private static final String MANY = "\u0001";

    private static final String NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

    /** A stream of messages, and the places in it where something begins or ends. */
    private static final class Stream {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final NavigableSet<Integer> edges = new TreeSet<>();

        Stream text(String text) {
            return add(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        Stream chunk(String sizeLine, int size) {
            return text(sizeLine + "\r\n").body(size).text("\r\n");
        }

        Stream body(int size) {
            byte[] body = new byte[size];
            for (int i = 0; i < size; i++) {
                // No two places look alike for long, and many of them like framing.
                body[i] = (byte) "0\r\n1;a\r\n\r\n".charAt(i * 7 % 10 == i / 10 % 10 ? i / 100 % 10 : i % 10);
            }
            return add(body);
        }

        private Stream add(byte[] more) {
            edges.add(bytes.size());
            bytes.writeBytes(more);
            edges.add(bytes.size());
            return this;
        }

        /** Around each edge, and what is gathered or not on either side of it. */
        NavigableSet<Integer> cuts() {
            NavigableSet<Integer> cuts = new TreeSet<>();
            for (int edge : edges) {
                for (int near : new int[] {0, 1, 2, 3, SMALL - 1, SMALL, SMALL + 1, CHUNK_LINE, GATHERED}) {
                    cuts.add(edge - near);
                    cuts.add(edge + near);
                }
            }
            return cuts.subSet(1, true, bytes.size(), false);
        }
    }

    private static Stream manySizes() {
        String extension = ";e=\"" + "x".repeat(CHUNK_LINE - 2 - 5) + '"';
        return new Stream()
                .text(CHUNKED)
                .chunk("3f", SMALL - 1)
                .chunk("40", SMALL)
                .chunk("041", SMALL + 1)
                .chunk("3fff", GATHERED - 1)
                .chunk("4000;e", GATHERED)
                .chunk("000000000004001", GATHERED + 1)
                .chunk("10" + extension, 16)
                .chunk("11170", 70_000)
                .text("0;" + "y".repeat(CHUNK_LINE - 2) + "\r\n")
                .text(("X: " + "z".repeat(150) + "\r\n").repeat(50))
                .text("X-End: 1\r\n\r\n")
                .text("POST /fixed HTTP/1.1\r\nHost: a\r\nContent-Length: 140001\r\n\r\n")
                .body(140_001)
                .text(NEXT);
    }

    /** What is gathered becomes full between two chunks, and within one. */
    private static Stream manySmallOnes() {
        Stream stream = new Stream().text(CHUNKED);
        for (int i = 0; i < 700; i++) {
            stream.text(Integer.toHexString(1 + i % 63) + "\r\n")
                    .body(1 + i % 63)
                    .text("\r\n");
        }
        stream.edges.retainAll(stream.edges.headSet(200));
        return stream.text("0\r\n\r\n").text(NEXT);
    }

    @Test
    void largeBodiesAreTheSameWhereverTheyAreCut() throws Exception {
        for (Stream stream : new Stream[] {manySizes(), manySmallOnes()}) {
            byte[] bytes = stream.bytes.toByteArray();
            String whole = outcome(bytes, bytes.length, bytes.length);
            assertThat(whole).contains("GET /next");

            for (int cut : stream.cuts()) {
                assertThat(outcome(bytes, cut, bytes.length))
                        .as("cut at " + cut)
                        .isEqualTo(whole);
                // What is alone in a read has nothing behind it.
                assertThat(outcome(bytes, cut, 1)).as("one alone at " + cut).isEqualTo(whole);
            }
            for (int piece : PIECES) {
                assertThat(outcome(bytes, piece, piece))
                        .as("in pieces of " + piece)
                        .isEqualTo(whole);
            }
        }
    }

    /** Each is wrong behind, or by, more than there is in a small message. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                // A digit too many, also where it is a zero.
                "1000000000000000\r\n",
                "0000000000000001\r\nx\r\n",
                // Lines over the limit, and one that has no end.
                "1;" + MANY + MANY + "x\r\nx\r\n",
                "1;" + MANY + MANY + MANY + MANY,
                // Data longer than its size, by one, behind more than is gathered.
                "4000\r\n@x\r\n",
                "41\r\n" + MANY + "xx\r\n",
                // And shorter.
                "4002\r\n@\r\n0\r\n\r\n",
                "81\r\n" + MANY + "\r\n0\r\n\r\n"
            })
    void brokenLargeBodiesAreRefusedWhereverTheyAreCut(String body) {
        byte[] bytes = (CHUNKED + body.replace("@", "y".repeat(GATHERED)).replace(MANY, "y".repeat(128)))
                .getBytes(StandardCharsets.ISO_8859_1);
        int behindHead = CHUNKED.length();
        for (int cut = behindHead;
                cut < bytes.length;
                cut += cut < behindHead + 300 || cut > bytes.length - 80 ? 1 : 997) {
            int at = cut;
            assertThatThrownBy(() -> outcome(bytes, at, bytes.length))
                    .as("cut at " + at)
                    .isInstanceOf(BadMessage.class);
        }
    }

    /** The parts, bodies by their lengths and sums; read in pieces of {@code first}, {@code second}, and the rest. */
    private static String outcome(byte[] bytes, int first, int second) throws BadMessage {
        Parts parts = new Parts();
        boolean even = first == second && first < bytes.length;
        try {
            for (int from = 0, to = Math.min(first, bytes.length); from < bytes.length; ) {
                parts.feed(bytes, from, to);
                from = to;
                int piece = even || from == first ? second : bytes.length;
                to = Math.min(bytes.length, from + piece);
            }
            return parts.text + (parts.decoder.holdsBytes() ? "held back" : "");
        } finally {
            parts.decoder.close();
        }
    }

    private static final class Parts implements MessageDecoder.Receiver {
        private final HeadParser parser = new HeadParser(8192, 100);
        private final MessageDecoder decoder =
                new MessageDecoder(this, new HeadSpace(parser, 16 * 1024), ByClient.MALFORMED, ByClient.HEAD_TOO_LARGE);
        private final StringBuilder text = new StringBuilder();
        private final CRC32 sum = new CRC32();
        private long length;
        private @Nullable RequestHead head;

        void feed(byte[] bytes, int from, int to) throws BadMessage {
            decoder.decode(UNWATCHED, UNWATCHED.heapBuffer(to - from).writeBytes(bytes, from, to - from));
        }

        @Override
        public boolean readyForHead() {
            return true;
        }

        @Override
        public int head(byte[] bytes, int to) throws BadMessage {
            head = parser.request(bytes, to);
            return head == null ? -1 : head.length();
        }

        @Override
        public long begin() {
            RequestHead begun = Objects.requireNonNull(head);
            text.append(begun.method())
                    .append(' ')
                    .append(begun.target().text())
                    .append('\n');
            sum.reset();
            length = 0;
            return begun.contentLength();
        }

        @Override
        public void body(ByteBuf part) {
            length += part.readableBytes();
            sum.update(part.nioBuffer());
            part.release();
        }

        @Override
        public void end(@Nullable Fields trailers) {
            text.append(length).append(' ').append(sum.getValue()).append(' ');
            text.append(trailers == null ? "" : trailers.count() + " " + Arrays.hashCode(trailers.bytes()) + ' ');
            text.append("end\n");
        }
    }
}
