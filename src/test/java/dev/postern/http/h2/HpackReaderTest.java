package dev.postern.http.h2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.http.message.RawFields;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What others have written is read as they meant it; what nobody may write ends the connection, wherever it is cut off. */
class HpackReaderTest {
    private static final long ENOUGH = 1 << 20;

    private final HpackReader reader = new HpackReader();
    private final RawFields raw = new RawFields();

    private List<String> read(String hex) throws Http2Exception {
        byte[] block = HexFormat.of().parseHex(hex.replace(" ", ""));
        return read(block);
    }

    private List<String> read(byte[] block) throws Http2Exception {
        reader.read(block, 0, block.length, raw.begin(), ENOUGH);
        return fields();
    }

    private List<String> fields() {
        List<String> fields = new ArrayList<>();
        for (int i = 0; i < raw.count(); i++) {
            String name = new String(raw.bytes(), raw.nameFrom(i), raw.nameLength(i), StandardCharsets.ISO_8859_1);
            fields.add(name + ": " + raw.value(i));
        }
        return fields;
    }

    /** RFC 7541 appendix C.4. */
    @Test
    void requestsOfTheRfcAreRead() throws Exception {
        assertThat(read("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"))
                .containsExactly(":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com");
        assertThat(read("8286 84be 5886 a8eb 1064 9cbf"))
                .containsExactly(
                        ":method: GET",
                        ":scheme: http",
                        ":path: /",
                        ":authority: www.example.com",
                        "cache-control: no-cache");
        assertThat(read("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"))
                .containsExactly(
                        ":method: GET",
                        ":scheme: https",
                        ":path: /index.html",
                        ":authority: www.example.com",
                        "custom-key: custom-value");
    }

    /** RFC 7541 appendix C.6, where the table is of 256 bytes: entries make room. */
    @Test
    void responsesOfTheRfcAreReadWhereEntriesMakeRoom() throws Exception {
        assertThat(read("3fe101 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6"
                        + "2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3"))
                .containsExactly(
                        ":status: 302",
                        "cache-control: private",
                        "date: Mon, 21 Oct 2013 20:13:21 GMT",
                        "location: https://www.example.com");
        assertThat(read("4883 640e ffc1 c0bf"))
                .containsExactly(
                        ":status: 307",
                        "cache-control: private",
                        "date: Mon, 21 Oct 2013 20:13:21 GMT",
                        "location: https://www.example.com");
        assertThat(read("88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7"
                        + "821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0"
                        + "03ed 4ee5 b106 3d50 07"))
                .contains(
                        "content-encoding: gzip",
                        "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1");
    }

    @ParameterizedTest
    @CsvSource({
        "80, which is none",
        "be, which is none",
        "ff80808008, which is none",
        "ff8080808001, 2^28",
        "7f, ends in a number",
        "ff, ends in a number",
        "40, ends in a field",
        "4001, ends in a string",
        "400161, ends in a field",
        "40016105, ends in a string",
        "8220, behind a field",
        "3fe21f, more than was allowed",
        "202020, table size updates",
        "41 84 ffffffff, end of string",
        "41 81 00, padding",
        "41 82 1fff, padding",
        "41 81 fe, padding",
    })
    void whatNobodyMayWriteEndsTheConnection(String hex, String why) {
        assertThatThrownBy(() -> read(hex))
                .isInstanceOfSatisfying(
                        Http2Exception.class, e -> assertThat(e.error()).isEqualTo(Http2Error.COMPRESSION_ERROR))
                .isNotInstanceOf(Http2Exception.StreamException.class)
                .hasMessageContaining(why);
    }

    /** The table has it all the same: the next block may name it. */
    @Test
    void listThatIsTooLongIsReadToItsEndAndNotKept() throws Exception {
        byte[] block = HexFormat.of().parseHex("40016103626262" + "40016303646464" + "be");
        long list = reader.read(block, 0, block.length, raw.begin(), 40);

        assertThat(list).isGreaterThan(40);
        assertThat(fields()).containsExactly("a: bbb");
        assertThat(read("bebf")).containsExactly("c: ddd", "a: bbb");
    }

    /** A byte that names four thousand, again and again (CVE-2016-1544 and its like): read in no time, and not put together. */
    @Test
    void bombIsDefused() throws Exception {
        byte[] large = new byte[4000];
        byte[] first = new byte[4 + 2 + large.length];
        System.arraycopy(HexFormat.of().parseHex("4001617fa11e"), 0, first, 0, 6);
        assertThat(read(first)).hasSize(1);
        byte[] bomb = new byte[32 * 1024];
        java.util.Arrays.fill(bomb, (byte) 0xbe);

        reader.read(bomb, 0, bomb.length, raw.begin(), 16_000);

        assertThat(raw.count()).isLessThan(4);
        assertThat(raw.bytes().length).isLessThan(64 * 1024);
    }

    /** Whether Huffman-coded or not, with a table that overflows and changes its size: read as it was written. */
    @Test
    void whateverAnotherImplementationWritesIsRead() throws Exception {
        Random random = new Random(7541);
        Http2HeadersEncoder huffman = new DefaultHttp2HeadersEncoder(Http2HeadersEncoder.NEVER_SENSITIVE, false, 64, 0);
        Http2HeadersEncoder plain = new DefaultHttp2HeadersEncoder();
        HpackReader ofPlain = new HpackReader();
        for (int i = 0; i < 10_000; i++) {
            boolean coded = random.nextBoolean();
            Http2Headers headers = new DefaultHttp2Headers(false);
            for (int f = random.nextInt(10); f > 0; f--) {
                byte[] value = new byte[random.nextInt(random.nextInt(20) == 0 ? 1000 : 20)];
                random.nextBytes(value);
                headers.add(
                        random.nextBoolean() ? "x-" + random.nextInt(50) : "cache-control",
                        random.nextInt(3) == 0 ? "often" : new String(value, StandardCharsets.ISO_8859_1));
            }
            List<String> expected = new ArrayList<>();
            for (Map.Entry<CharSequence, CharSequence> field : headers) {
                expected.add(field.getKey() + ": " + field.getValue());
            }
            ByteBuf block = Unpooled.buffer();
            (coded ? huffman : plain).encodeHeaders(1, headers, block);
            (coded ? reader : ofPlain).read(block.array(), 0, block.readableBytes(), raw.begin(), ENOUGH);

            assertThat(fields()).as("block " + i).containsExactlyElementsOf(expected);
        }
    }

    /** Random bytes are refused by both, or mean the same to both. */
    @Test
    void bytesOfAnyKindAreReadAsAnotherImplementationReadsThem() throws Exception {
        Random random = new Random(20);
        int read = 0;
        for (int i = 0; i < 50_000; i++) {
            byte[] block = new byte[random.nextInt(24)];
            random.nextBytes(block);
            List<String> theirs = null;
            List<String> ours = null;
            ByteBuf bytes = Unpooled.wrappedBuffer(block);
            try {
                theirs = new ArrayList<>();
                for (Map.Entry<CharSequence, CharSequence> field :
                        new DefaultHttp2HeadersDecoder(false, ENOUGH).decodeHeaders(1, bytes)) {
                    theirs.add(field.getKey() + ": " + field.getValue());
                }
            } catch (Http2Exception e) {
                theirs = null;
            }
            try {
                HpackReader fresh = new HpackReader();
                fresh.read(block, 0, block.length, raw.begin(), ENOUGH);
                ours = fields();
                read++;
            } catch (Http2Exception e) {
                ours = null;
            }
            if (theirs != null && ours != null) {
                assertThat(ours).as(HexFormat.of().formatHex(block)).containsExactlyInAnyOrderElementsOf(theirs);
            } else if (ours != null) {
                throw new AssertionError("theirs was refused: " + HexFormat.of().formatHex(block) + " " + ours);
            } else if (theirs != null) {
                // Ours refuses numbers over 2^28, and a third change of size.
                assertThat(HexFormat.of().formatHex(block)).matches(".*(ff|7f|3f|2[0-9a-f]|3[0-9a-f]).*");
            }
        }
        assertThat(read).isGreaterThan(1000);
    }
}
