package dev.postern.http.h2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.http.message.HeadWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever is written, another implementation reads the same from it, block after block; what comes often becomes short. */
class HpackWriterTest {
    private final HpackWriter writer = new HpackWriter(new HeadWriter());
    private final DefaultHttp2HeadersDecoder other = new DefaultHttp2HeadersDecoder(false, 1 << 20);

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private HpackWriter block(String... fields) {
        writer.begin();
        for (int i = 0; i < fields.length; i += 2) {
            writer.field(bytes(fields[i]), bytes(fields[i + 1]));
        }
        return writer;
    }

    /** What the other end has read of what it was sent, each field's name and value. */
    private List<String> read() throws Http2Exception {
        ByteBuf block = Unpooled.copiedBuffer(writer.array(), 0, writer.length());
        writer.sent();
        List<String> read = new ArrayList<>();
        for (Map.Entry<CharSequence, CharSequence> field : other.decodeHeaders(1, block)) {
            read.add(field.getKey().toString());
            read.add(field.getValue().toString());
        }
        block.release();
        return read;
    }

    @Test
    void fieldThatComesAgainIsKeptAndANumberFromThenOn() throws Exception {
        int first = block("X-Powered-By", "coffee").length();
        assertThat(read()).containsExactly("x-powered-by", "coffee");
        int second = block("x-powered-by", "coffee").length();
        assertThat(read()).containsExactly("x-powered-by", "coffee");
        int third = block("X-POWERED-BY", "coffee").length();
        assertThat(read()).containsExactly("x-powered-by", "coffee");

        assertThat(second).isEqualTo(first);
        assertThat(third).isEqualTo(1);
    }

    @Test
    void nameThatIsKeptIsANumberWhereItsValueIsAnother() throws Exception {
        block("x-powered-by", "coffee");
        read();
        block("x-powered-by", "coffee");
        read();

        assertThat(block("x-powered-by", "tea").length()).isEqualTo(2 + 1 + 3);
        assertThat(read()).containsExactly("x-powered-by", "tea");
    }

    @Test
    void statusIsOneByteWhereTheTableHasItAndFiveWhereNot() throws Exception {
        for (int status : List.of(200, 204, 206, 304, 400, 404, 500)) {
            assertThat(writer.begin().status(status).length()).isEqualTo(1);
            assertThat(read()).containsExactly(":status", Integer.toString(status));
        }
        for (int status : List.of(100, 103, 201, 301, 403, 503, 999)) {
            assertThat(writer.begin().status(status).length()).isEqualTo(5);
            assertThat(read()).containsExactly(":status", Integer.toString(status));
        }
    }

    /** RFC 7541 §7.1.3: else whoever may guess could see by the length whether he is right. */
    @Test
    void whatTellsWhoSomebodyIsIsNeverKept() throws Exception {
        for (String name : List.of("set-cookie", "cookie", "authorization", "proxy-authorization")) {
            int first = block(name, "secret").length();
            assertThat(writer.array()[0] & 0xf0).as(name).isEqualTo(0x10);
            read();
            assertThat(block(name, "secret").length()).isEqualTo(first);
            assertThat(read()).containsExactly(name, "secret");
        }
    }

    @Test
    void tableThatIsMadeSmallerIsToldOfInTheNextBlock() throws Exception {
        for (int i = 0; i < 3; i++) {
            block("x-powered-by", "coffee");
            read();
        }
        other.maxHeaderTableSize(0);
        writer.maxHeaderTableSize(0);
        other.maxHeaderTableSize(4096);
        writer.maxHeaderTableSize(100_000);

        // To none, and to what it may be, in one byte and in three: RFC 7541 §4.2.
        assertThat(block("x-powered-by", "coffee").length()).isEqualTo(1 + 3 + 2 + 12 + 1 + 6);
        assertThat(read()).containsExactly("x-powered-by", "coffee");
    }

    @Test
    void whatIsPutAsideNeitherNeedsTheTableNorChangesIt() throws Exception {
        block("x-powered-by", "coffee");
        read();
        block("x-powered-by", "coffee");
        read();
        block("grpc-status", "0");
        read();
        byte[] block = {0x00, 1, 'a', 1, 'b'};

        writer.begin().block(block);

        assertThat(read()).containsExactly("a", "b");
        assertThat(block("x-powered-by", "coffee").length()).isEqualTo(1);
        assertThat(read()).containsExactly("x-powered-by", "coffee");
    }

    /** Its stream was over, say: what was kept in it the other end has never heard of. */
    @Test
    void blockThatIsNotSentLeavesNothingBehind() throws Exception {
        for (int i = 0; i < 3; i++) {
            block("x-a", "1", "x-b", "2");
            read();
        }
        block("x-c", "3");
        read();
        block("x-c", "3", "x-a", "1");

        block("x-c", "3", "x-a", "1");

        assertThat(read()).containsExactly("x-c", "3", "x-a", "1");
        assertThat(block("x-c", "3", "x-a", "1").length()).isPositive();
        assertThat(read()).containsExactly("x-c", "3", "x-a", "1");
    }

    /** Names and values from few, so that they repeat, and from many, so that the table overflows; its size changes as well. */
    @Test
    void whateverIsWrittenIsReadTheSame() throws Exception {
        Random random = new Random(7541);
        for (int i = 0; i < 20_000; i++) {
            if (random.nextInt(200) == 0) {
                int size = random.nextInt(5000);
                other.maxHeaderTableSize(size);
                writer.maxHeaderTableSize(size);
            }
            int count = random.nextInt(12);
            String[] fields = new String[2 * count];
            List<String> expected = new ArrayList<>();
            for (int f = 0; f < count; f++) {
                boolean isKnown = random.nextBoolean();
                fields[2 * f] = isKnown
                        ? new String(HpackTable.name(1 + random.nextInt(61)), StandardCharsets.US_ASCII)
                        : "X-Name-" + random.nextInt(40);
                int values = random.nextInt(4) == 0 ? 5000 : 3;
                fields[2 * f + 1] =
                        "v".repeat(random.nextInt(10) == 0 ? random.nextInt(300) : 5) + random.nextInt(values);
                expected.add(fields[2 * f].toLowerCase(Locale.ROOT));
                expected.add(fields[2 * f + 1]);
            }
            block(fields);
            // In the order of their names, as the other implementation keeps them.
            assertThat(pairs(read())).as("block " + i).containsExactlyInAnyOrderElementsOf(pairs(expected));
        }
    }

    private static List<String> pairs(List<String> fields) {
        List<String> pairs = new ArrayList<>();
        for (int i = 0; i < fields.size(); i += 2) {
            pairs.add(fields.get(i) + ": " + fields.get(i + 1));
        }
        return pairs;
    }
}
