package dev.postern.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientHelloTest {
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void realHelloIsReadWhereverItIsCut(String protocol) throws Exception {
        byte[] hello = Hello.ofJdk("www.example.com", protocol);

        for (int length = 0; length < hello.length; length++) {
            assertThat(read(Arrays.copyOf(hello, length)))
                    .as("first " + length + " bytes")
                    .isNull();
        }
        assertThat(serverName(hello)).isEqualTo("www.example.com");
    }

    @Test
    void bytesAreLeftWhereTheyAre() throws Exception {
        ByteBuf bytes = Unpooled.wrappedBuffer(Hello.ofJdk("www.example.com", "TLSv1.3"));
        int before = bytes.readableBytes();

        ClientHello hello = new ClientHello.Reader().read(bytes);

        assertThat(hello).isNotNull();
        assertThat(bytes.readableBytes()).isEqualTo(before);
    }

    @Test
    void helloWithoutAServerNameHasNone() throws Exception {
        assertThat(serverName(Hello.ofJdk(parameters -> {}))).isNull();
        assertThat(serverName(Hello.with())).isNull();
    }

    @ParameterizedTest(name = "records of {0} bytes")
    @ValueSource(ints = {1, 2, 3, 4, 5, 16, 100, 1000})
    void helloMayBeSpreadOverManyRecords(int size) throws Exception {
        byte[] hello = Hello.fragmented(Hello.ofJdk("www.example.com", "TLSv1.2"), size);
        ClientHello.Reader byteByByte = new ClientHello.Reader();

        for (int length = 0; length < hello.length; length++) {
            ByteBuf came = Unpooled.wrappedBuffer(hello, 0, length);
            assertThat(byteByByte.read(came)).as("first " + length + " bytes").isNull();
            ClientHello.Reader cut = new ClientHello.Reader();
            assertThat(cut.read(came)).as("first " + length + " bytes").isNull();
            assertThat(Objects.requireNonNull(cut.read(Unpooled.wrappedBuffer(hello)))
                            .serverName())
                    .as("cut behind " + length + " bytes")
                    .isEqualTo("www.example.com");
        }
        assertThat(Objects.requireNonNull(byteByByte.read(Unpooled.wrappedBuffer(hello)))
                        .serverName())
                .isEqualTo("www.example.com");
        assertThat(serverName(hello)).isEqualTo("www.example.com");
    }

    @Test
    void helloMayBeAsLongAsPostQuantumKeysMakeIt() throws Exception {
        byte[] padding = Hello.extension(21, new byte[60_000]);
        byte[] hello = Hello.fragmented(Hello.with(padding, Hello.serverName("www.example.com")), 16 * 1024);

        assertThat(serverName(hello)).isEqualTo("www.example.com");
    }

    @Test
    void whatFollowsTheHelloDoesNotMatter() throws Exception {
        byte[] hello = Hello.ofJdk("www.example.com", "TLSv1.3");
        byte[] more = Arrays.copyOf(hello, hello.length + 100);

        assertThat(serverName(more)).isEqualTo("www.example.com");
    }

    @ParameterizedTest
    @CsvSource({
        "WWW.Example.COM, www.example.com",
        "www.example.com., www.example.com",
        "a_b.example.com, a_b.example.com",
        "127.0.0.1, 127.0.0.1",
    })
    void serverNameIsReadInOneSpelling(String sent, String read) throws Exception {
        assertThat(serverName(Hello.with(Hello.serverName(sent)))).isEqualTo(read);
    }

    private static Map<String, byte[]> hostile() {
        Map<String, byte[]> cases = new LinkedHashMap<>();
        byte[] name = Hello.serverName("a.example");
        cases.put("two server names", Hello.with(name, name));
        cases.put("two names in one list", Hello.with(Hello.extension(0, bytes("\0\10\0\0\1a\0\0\1b"))));
        cases.put("name of another type", Hello.with(Hello.extension(0, bytes("\0\4\1\0\1a"))));
        cases.put("empty extension", Hello.with(Hello.extension(0)));
        cases.put("empty list", Hello.with(Hello.extension(0, bytes("\0\0"))));
        cases.put("empty name", Hello.with(Hello.serverName("")));
        cases.put("list longer than the extension", Hello.with(Hello.extension(0, bytes("\0\5\0\0\1a"))));
        cases.put("list shorter than the extension", Hello.with(Hello.extension(0, bytes("\0\3\0\0\1a"))));
        cases.put("name longer than the list", Hello.with(Hello.extension(0, bytes("\0\4\0\0\2a"))));
        cases.put("name shorter than the list", Hello.with(Hello.extension(0, bytes("\0\5\0\0\1ab"))));
        for (String bad :
                List.of("a\0.example", "a.example\0", "a b", "a/b", "*.example", "\u00e4", "a:1", "[::1]", "a\n")) {
            cases.put("name " + bad.replace("\0", "\\0").replace("\n", "\\n"), Hello.with(Hello.serverName(bad)));
        }
        byte[] good = Hello.with(name);
        cases.put("extension longer than the hello", Hello.with(Hello.extension(0, bytes("")), bytes("\0\0\0\5")));
        cases.put("half an extension header", Hello.with(bytes("\0\27\0")));
        cases.put("record that ends before the hello does", shorter(good, 1));
        cases.put("hello that ends within its random", Hello.record(Hello.handshake(new byte[20])));
        cases.put("hello without anything", Hello.record(Hello.handshake(new byte[0])));
        cases.put("session id longer than the hello", Hello.record(Hello.handshake(filled(35, 34, 200))));
        cases.put("ServerHello", changed(good, 5, 2));
        cases.put("handshake of 16 MB", changed(good, 6, 255));
        cases.put(
                "hello over the limit",
                Hello.fragmented(
                        Hello.with(Hello.extension(21, new byte[65_000]), Hello.extension(22, new byte[500])), 16_000));
        cases.put("record over the limit", changed(good, 3, 65));
        cases.put("empty record", Hello.record(new byte[0]));
        cases.put("record of SSL 2", bytes("\u0080\56\1\3\1"));
        cases.put("record of another major version", changed(good, 1, 2));
        cases.put("application data", changed(good, 0, 23));
        cases.put("alert", bytes("\25\3\3\0\2\2\50"));
        cases.put("HTTP in plaintext", bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
        cases.put("SSH", bytes("SSH-2.0-OpenSSH_9.9\r\n"));
        cases.put(
                "another record type in between",
                concat(Arrays.copyOf(Hello.fragmented(good, 20), 25), changed(Hello.record(new byte[100]), 0, 23)));
        return cases;
    }

    @TestFactory
    Stream<DynamicTest> hostileHelloIsRefused() {
        return hostile().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(
                        each.getKey(),
                        () -> assertThatThrownBy(() -> read(each.getValue()))
                                .isInstanceOf(ClientHello.Malformed.class)));
    }

    @Test
    void hostileHelloIsRefusedWhereverItIsCut() {
        hostile().forEach((name, hello) -> {
            for (int at = 0; at < Math.min(hello.length, 400); at++) {
                ClientHello.Reader reader = new ClientHello.Reader();
                int cut = at;
                assertThatThrownBy(() -> {
                            assertThat(reader.read(Unpooled.wrappedBuffer(hello, 0, cut)))
                                    .isNull();
                            reader.read(Unpooled.wrappedBuffer(hello));
                        })
                        .as(name + ", cut at " + at)
                        .isInstanceOf(ClientHello.Malformed.class);
            }
        });
    }

    /** Headers of records are memory as well. */
    @Test
    void helloInMoreRecordsThanAnyClientMakesIsRefused() throws Exception {
        byte[] hello = Hello.fragmented(Hello.with(Hello.extension(21, new byte[60_000])), 4);

        assertThatThrownBy(() -> read(Arrays.copyOf(hello, hello.length - 1)))
                .isInstanceOf(ClientHello.Malformed.class);
    }

    @Test
    void everyOneByteChangeIsReadOrRefused() throws Exception {
        byte[] hello = Hello.ofJdk("www.example.com", "TLSv1.3");

        for (int at = 0; at < hello.length; at++) {
            for (int value : new int[] {0, 1, 127, 255}) {
                try {
                    read(changed(hello, at, value));
                } catch (ClientHello.Malformed refused) {
                    assertThat(refused).hasMessageNotContainingAny("example");
                }
            }
        }
    }

    private static @Nullable ClientHello read(byte[] bytes) throws ClientHello.Malformed {
        return new ClientHello.Reader().read(Unpooled.wrappedBuffer(bytes));
    }

    private static @Nullable String serverName(byte[] complete) throws ClientHello.Malformed {
        return Objects.requireNonNull(read(complete)).serverName();
    }

    private static byte[] bytes(String octets) {
        return octets.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] changed(byte[] bytes, int at, int value) {
        byte[] copy = bytes.clone();
        copy[at] = (byte) value;
        return copy;
    }

    private static byte[] filled(int length, int at, int value) {
        return changed(new byte[length], at, value);
    }

    /** A hello whose inner length is smaller by this much, so that its extensions do not end with it. */
    private static byte[] shorter(byte[] hello, int by) {
        return changed(hello, 8, hello[8] - by);
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
