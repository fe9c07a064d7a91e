package dev.postern.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.backend.ProxyPreamble;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** What is a PROXY header, to the byte, and what is none. */
class ProxyHeaderTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final String IPV4 = "c0000207" + "0a000009" + "81c8" + "01bb";

    @Test
    void version1NamesBothEnds() throws Exception {
        assertThat(read("PROXY TCP4 192.0.2.7 10.0.0.9 33224 443\r\n"))
                .isEqualTo(new ProxyHeader(address("192.0.2.7", 33224), address("10.0.0.9", 443), 41));
        assertThat(read("PROXY TCP6 2001:db8::7 ::1 0 65535\r\nGET /"))
                .isEqualTo(new ProxyHeader(address("2001:db8::7", 0), address("::1", 65535), 36));
    }

    @Test
    void unknownClientsHaveNoAddress() throws Exception {
        assertThat(read("PROXY UNKNOWN\r\n")).isEqualTo(new ProxyHeader(null, null, 15));
        assertThat(read("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n")
                        .client())
                .isNull();
    }

    @Test
    void longestLineOfVersion1IsRead() throws Exception {
        String longest = "PROXY UNKNOWN " + "x".repeat(91) + "\r\n";

        assertThat(longest).hasSize(ProxyHeader.MAX_V1);
        assertThat(read(longest).length()).isEqualTo(ProxyHeader.MAX_V1);
        refused("PROXY UNKNOWN " + "x".repeat(92) + "\r\n");
        refused("PROXY UNKNOWN " + "x".repeat(200));
    }

    @Test
    void version1HasOneSpelling() throws Exception {
        for (String line : List.of(
                "PROXY TCP4 192.0.2.7 10.0.0.9 33224 443\n",
                "PROXY TCP4 192.0.2.7 10.0.0.9 33224 443 \r\n",
                "PROXY TCP4 192.0.2.7 10.0.0.9 33224 443\r\r\n",
                "PROXY TCP4 192.0.2.7 10.0.0.9 33224 443 x\r\n",
                "PROXY  TCP4 192.0.2.7 10.0.0.9 33224 443\r\n",
                "PROXY TCP4  192.0.2.7 10.0.0.9 33224 443\r\n",
                "PROXY TCP4\t192.0.2.7 10.0.0.9 33224 443\r\n",
                "PROXY TCP4 192.0.2.7 10.0.0.9 33224\r\n",
                "PROXY TCP4 192.0.2.7 10.0.0.9 -1 443\r\n",
                "PROXY TCP4 192.0.2.7 10.0.0.9 +1 443\r\n",
                "PROXY TCP4 192.0.2.7 10.0.0.9 01 443\r\n",
                "PROXY TCP4 192.0.2.7 10.0.0.9 65536 443\r\n",
                "PROXY TCP4 192.0.2.7 10.0.0.9 1 99999999999\r\n",
                "PROXY TCP4 192.0.2 10.0.0.9 33224 443\r\n",
                "PROXY TCP4 192.0.2.256 10.0.0.9 33224 443\r\n",
                "PROXY TCP4 192.0.2.07 10.0.0.9 33224 443\r\n",
                "PROXY TCP4 localhost 10.0.0.9 33224 443\r\n",
                "PROXY TCP4 ::1 10.0.0.9 33224 443\r\n",
                "PROXY TCP6 192.0.2.7 ::1 33224 443\r\n",
                "PROXY TCP6 fe80::1%eth0 ::1 33224 443\r\n",
                "PROXY TCP6 [::1] ::1 33224 443\r\n",
                "PROXY UDP4 192.0.2.7 10.0.0.9 33224 443\r\n",
                "PROXY tcp4 192.0.2.7 10.0.0.9 33224 443\r\n",
                "PROXY UNKNOWNx\r\n",
                "PROXY UNKNOWN \0\r\n",
                "PROXY\r\n\r\n",
                "proxy TCP4 192.0.2.7 10.0.0.9 33224 443\r\n")) {
            refused(line);
        }
    }

    @Test
    void version2NamesBothEnds() throws Exception {
        assertThat(read2("2111000c" + IPV4))
                .isEqualTo(new ProxyHeader(address("192.0.2.7", 33224), address("10.0.0.9", 443), 28));
        assertThat(read2("21210024" + "20010db8000000000000000000000007" + "00000000000000000000000000000001" + "0001"
                        + "0002"))
                .isEqualTo(new ProxyHeader(address("2001:db8::7", 1), address("::1", 2), 52));
    }

    @Test
    void ipv4InsideIpv6IsIpv4() throws Exception {
        assertThat(read2("21210024" + "00000000000000000000ffffc0000207" + "00000000000000000000ffff0a000009" + "0001"
                                + "0002")
                        .client())
                .isEqualTo(address("192.0.2.7", 1));
        assertThat(read("PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n").client()).isEqualTo(address("192.0.2.7", 1));
    }

    @Test
    void localConnectionsAreTheProxysOwn() throws Exception {
        assertThat(read2("20000000")).isEqualTo(new ProxyHeader(null, null, 16));
        assertThat(read2("2011000c" + IPV4)).isEqualTo(new ProxyHeader(null, null, 28));
        assertThat(read2("20ff0002" + "abcd")).isEqualTo(new ProxyHeader(null, null, 18));
    }

    @Test
    void clientsWithoutAnInternetAddressAreLikeTheProxyItself() throws Exception {
        assertThat(read2("21000000")).isEqualTo(new ProxyHeader(null, null, 16));
        assertThat(read2("213100d8" + "00".repeat(216))).isEqualTo(new ProxyHeader(null, null, 232));
    }

    @Test
    void whatFollowsTheAddressesIsPassedOver() throws Exception {
        assertThat(read2("21110012" + IPV4 + "02" + "0003" + "616263").client()).isEqualTo(address("192.0.2.7", 33224));
        assertThat(read2("2111100c" + IPV4 + "04" + "0ffd" + "00".repeat(4093)).length())
                .isEqualTo(16 + 12 + ProxyHeader.MAX_TLVS);
    }

    @Test
    void version2IsBounded() {
        refused2("2111100d" + IPV4);
        refused2("2111ffff" + IPV4);
        refused2("2100ffff");
        refused2("20ffffff");
    }

    @Test
    void version2HasOneSpelling() {
        for (String rest : List.of(
                "1111000c" + IPV4,
                "ff11000c" + IPV4,
                "2211000c" + IPV4,
                "2f11000c" + IPV4,
                "2112000c" + IPV4,
                "2110000c" + IPV4,
                "2101000c" + IPV4,
                "2141000c" + IPV4,
                "21ff000c" + IPV4,
                "2111000b" + IPV4,
                "2121000c" + IPV4,
                "2111000e" + IPV4 + "0200",
                "2111000f" + IPV4 + "020001",
                "21110010" + IPV4 + "02ffff00")) {
            refused2(rest);
        }
    }

    @Test
    void checksumThatIsThereIsRight() throws Exception {
        byte[] right = withChecksum(0);

        assertThat(complete(Unpooled.wrappedBuffer(right)).client()).isEqualTo(address("192.0.2.7", 33224));
        assertThatThrownBy(() -> ProxyHeader.read(Unpooled.wrappedBuffer(withChecksum(1))))
                .isInstanceOf(ProxyHeader.Malformed.class)
                .hasMessageContaining("checksum");
    }

    @Test
    void halfAHeaderIsNone() throws Exception {
        for (byte[] whole : List.of(
                "PROXY TCP4 192.0.2.7 10.0.0.9 33224 443\r\n".getBytes(StandardCharsets.US_ASCII),
                HexFormat.of().parseHex(SIGNATURE + "2111000c" + IPV4),
                ProxyPreamble.ofOurOwn())) {
            for (int length = 0; length < whole.length; length++) {
                assertThat(ProxyHeader.read(Unpooled.wrappedBuffer(whole, 0, length)))
                        .as("%d of %d bytes", length, whole.length)
                        .isNull();
            }
            assertThat(complete(Unpooled.wrappedBuffer(whole)).length()).isEqualTo(whole.length);
        }
    }

    @Test
    void anythingElseIsRefusedAtItsFirstWrongByte() {
        for (String start : List.of("G", "PROXZ", "PROXY\t", "\u0016\u0003", "\r\r", "\r\n\r\nx", "\0")) {
            refused(start);
        }
    }

    @Test
    void whatWeTellServersIsReadAsItWasMeant() throws Exception {
        for (List<String> ends : List.of(
                List.of("192.0.2.7", "10.0.0.9"),
                List.of("2001:db8::7", "2001:db8::1"),
                List.of("192.0.2.7", "2001:db8::1"),
                List.of("2001:db8::7", "10.0.0.9"))) {
            InetSocketAddress client = address(ends.get(0), 33224);
            InetSocketAddress local = address(ends.get(1), 443);
            ByteBuf written = new ProxyPreamble(client, local).bytes(UnpooledByteBufAllocator.DEFAULT);

            assertThat(ProxyHeader.read(written)).isEqualTo(new ProxyHeader(client, local, written.readableBytes()));
            written.release();
        }
        assertThat(complete(Unpooled.wrappedBuffer(ProxyPreamble.ofOurOwn())).client())
                .isNull();
    }

    private static byte[] withChecksum(int wrongBy) {
        byte[] front = HexFormat.of().parseHex(SIGNATURE + "21110017" + IPV4 + "040001" + "00" + "030004");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(front);
        bytes.writeBytes(new byte[4]);
        CRC32C crc = new CRC32C();
        crc.update(bytes.toByteArray());
        long sum = crc.getValue() + wrongBy;
        byte[] all = bytes.toByteArray();
        for (int i = 0; i < 4; i++) {
            all[front.length + i] = (byte) (sum >> (24 - 8 * i));
        }
        return all;
    }

    private static ProxyHeader complete(ByteBuf bytes) throws ProxyHeader.Malformed {
        return Objects.requireNonNull(ProxyHeader.read(bytes), "incomplete");
    }

    private static ProxyHeader read(String text) throws ProxyHeader.Malformed {
        return complete(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    private static ProxyHeader read2(String hex) throws ProxyHeader.Malformed {
        return complete(Unpooled.wrappedBuffer(HexFormat.of().parseHex(SIGNATURE + hex)));
    }

    private static void refused(String text) {
        assertThatThrownBy(() -> read(text)).as(text).isInstanceOf(ProxyHeader.Malformed.class);
    }

    private static void refused2(String hex) {
        assertThatThrownBy(() -> read2(hex)).as(hex).isInstanceOf(ProxyHeader.Malformed.class);
    }

    private static InetSocketAddress address(String address, int port) {
        return new InetSocketAddress(address, port);
    }
}
