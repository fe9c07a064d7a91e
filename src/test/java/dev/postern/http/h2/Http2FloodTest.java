package dev.postern.http.h2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.TestServer;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.util.concurrent.Ticker;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames that cost their sender nothing: they end its own connection, and no other. */
@Tag("long")
class Http2FloodTest {
    /** Frames sent at most, until the edge has had enough of them. */
    private static final int FLOOD = 20_000;

    private static final int BATCH = 500;
    private static final int SMALL_DATA = 100_000;
    private static final int UNKNOWN = 0x42;
    private static final int PRIORITY_UPDATE = 0x10;
    private static final int PADDED = 8;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private Http2Client client() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    @BeforeEach
    void start() throws Exception {
        edge.startWith(edge.closes(TestServer.saying("well")));
    }

    /** Each kind, for an open stream (1), one that is over (3), one that was reset (5), one that never was (99), and none. */
    static Stream<Arguments> frames() {
        byte[] reset = {0, 0, 0, 8};
        byte[] window = {0, 0, 0, 1};
        byte[] priority = {0, 0, 0, 0, 16};
        byte[] away = new byte[8];
        return Stream.of(
                Arguments.of("PING", Http2Client.PING, 0, 0, new byte[8]),
                Arguments.of("PING, acknowledged", Http2Client.PING, Http2Client.ACK, 0, new byte[8]),
                Arguments.of("SETTINGS", Http2Client.SETTINGS, 0, 0, new byte[0]),
                Arguments.of("SETTINGS, acknowledged", Http2Client.SETTINGS, Http2Client.ACK, 0, new byte[0]),
                Arguments.of("SETTINGS, many", Http2Client.SETTINGS, 0, 0, new byte[6 * 100]),
                Arguments.of("GOAWAY", Http2Client.GOAWAY, 0, 0, away),
                Arguments.of("unknown", UNKNOWN, 0, 0, new byte[0]),
                Arguments.of("unknown, open", UNKNOWN, 0, 1, new byte[0]),
                Arguments.of("unknown, over", UNKNOWN, 0, 3, new byte[0]),
                Arguments.of("unknown, never", UNKNOWN, 0, 99, new byte[0]),
                Arguments.of("PRIORITY_UPDATE", PRIORITY_UPDATE, 0, 0, new byte[] {0, 0, 0, 1, 'u', '=', '1'}),
                Arguments.of("PRIORITY, open", Http2Client.PRIORITY, 0, 1, priority),
                Arguments.of("PRIORITY, over", Http2Client.PRIORITY, 0, 3, priority),
                Arguments.of("PRIORITY, never", Http2Client.PRIORITY, 0, 99, priority),
                Arguments.of("WINDOW_UPDATE", Http2Client.WINDOW_UPDATE, 0, 0, window),
                Arguments.of("WINDOW_UPDATE, open", Http2Client.WINDOW_UPDATE, 0, 1, window),
                Arguments.of("WINDOW_UPDATE, over", Http2Client.WINDOW_UPDATE, 0, 3, window),
                Arguments.of("WINDOW_UPDATE, reset", Http2Client.WINDOW_UPDATE, 0, 5, window),
                Arguments.of("RST_STREAM, over", Http2Client.RST_STREAM, 0, 3, reset),
                Arguments.of("RST_STREAM, reset", Http2Client.RST_STREAM, 0, 5, reset),
                Arguments.of("DATA, empty", Http2Client.DATA, 0, 1, new byte[0]),
                Arguments.of("DATA, padding", Http2Client.DATA, PADDED, 1, new byte[] {3, 0, 0, 0}),
                Arguments.of("DATA, empty, reset", Http2Client.DATA, 0, 5, new byte[0]),
                Arguments.of("DATA, reset", Http2Client.DATA, 0, 5, new byte[1]),
                Arguments.of(
                        "HEADERS, reset", Http2Client.HEADERS, Http2Client.END_HEADERS, 5, new byte[] {(byte) 0x82}));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("frames")
    void floodEndsItsConnectionOnly(String name, int type, int flags, int stream, byte[] payload) throws Exception {
        Http2Client well = client();
        // From here on it may be idle for long.
        well.get(1, "/").response(1);

        assertThat(goAway(flood(type, flags, stream, payload))).isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
        assertThat(well.get(3, "/").response(3).body()).isEqualTo("well");
    }

    private Http2Client flood(int type, int flags, int stream, byte[] payload) throws Exception {
        Http2Client attacker = client();
        attacker.request(1, "POST", "/", false);
        attacker.get(3, "/").response(3);
        attacker.request(5, "POST", "/", false, "content-length", "1").data(5, false, new byte[2]);
        attacker.await(Http2Client.RST_STREAM, 5);
        ByteArrayOutputStream batch = new ByteArrayOutputStream();
        for (int i = 0; i < BATCH; i++) {
            batch.writeBytes(Http2Wire.frame(type, flags, stream, payload));
        }
        try {
            for (int i = 0; i < FLOOD / BATCH; i++) {
                attacker.raw(batch.toByteArray());
            }
        } catch (UncheckedIOException closed) {
            // Sooner than that.
        }
        return attacker;
    }

    /** What a stream that never was gets is not a flood, but a mistake: at once. */
    @ParameterizedTest
    @CsvSource({"0, 1", "3, 4", "8, 4"})
    void frameForAStreamThatNeverWasEndsTheConnection(int type, int length) throws Exception {
        byte[] payload = new byte[length];
        payload[length - 1] = 1;

        assertThat(goAway(client().send(type, 0, 99, payload))).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
    }

    /** Ten thousand a second, on and on, are more than anybody says. Frame by frame they would take this test too long. */
    @Test
    void floodOfSmallDataIsEnough() throws Exception {
        FrameBudget budget = FrameBudget.ofClient(Ticker.newMockTicker());
        for (int i = 0; i < SMALL_DATA; i++) {
            budget.data(1, false);
        }

        assertThatThrownBy(() -> budget.data(1, false))
                .isInstanceOf(Http2Exception.class)
                .hasMessageContaining("small or late DATA");
    }

    /** A conversation is made of small frames. */
    @Test
    void smallDataArrives() throws Exception {
        Http2Client client = client().request(1, "POST", "/", false);
        ByteArrayOutputStream batch = new ByteArrayOutputStream();
        for (int i = 0; i < BATCH; i++) {
            batch.writeBytes(Http2Wire.frame(Http2Client.DATA, 0, 1, new byte[] {'s'}));
        }
        for (int i = 0; i < 4; i++) {
            client.raw(batch.toByteArray());
        }

        assertThat(client.data(1, true, new byte[0]).response(1).body()).isEqualTo("well");
    }

    @Test
    void whoeverIsAnsweredMaySayAsMuchAsThat() throws Exception {
        FrameBudget budget = FrameBudget.ofClient(Ticker.newMockTicker());
        for (int i = 0; i < 10 * SMALL_DATA; i++) {
            budget.data(1, false);
            budget.dataSent(1);
        }
        for (int i = 0; i < 10 * SMALL_DATA; i++) {
            budget.data(100, false);
        }
    }

    /** RFC 7541 §4.2 needs two at most: the smallest the size was meanwhile, and what it is now. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 3000})
    void moreThanTwoTableSizeUpdatesInABlockEndTheConnection(int updates) throws Exception {
        // 0, and 4096: a table anew each time.
        byte[][] sizes = {{0x20}, {0x3f, (byte) 0xe1, 0x1f}};
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < updates; i++) {
            block.writeBytes(sizes[(i + updates) % 2]);
        }
        Http2Client client = client();
        block.writeBytes(
                client.block(1, ":method", "GET", ":scheme", "https", ":path", "/", ":authority", "localhost"));
        client.send(Http2Client.HEADERS, Http2Client.END_HEADERS | Http2Client.END_STREAM, 1, block.toByteArray());

        if (updates <= 2) {
            assertThat(client.response(1).status()).isEqualTo(200);
        } else {
            assertThat(goAway(client)).isEqualTo((int) Http2Error.COMPRESSION_ERROR.code());
        }
    }

    /** The same stream error again and again costs more than it brings. */
    @Test
    void floodOfHeadsThatAreRefusedEndsItsConnection() throws Exception {
        Http2Client attacker = client();
        try {
            for (int stream = 1; stream < 2 * BATCH; stream += 2) {
                attacker.request(stream, "GET", "/", true, "Upper-Case", "x");
            }
        } catch (UncheckedIOException closed) {
            // Sooner than that.
        }

        assertThat(goAway(attacker)).isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
    }

    private static int goAway(Http2Client client) {
        return client.await(Http2Client.GOAWAY, 0).error();
    }

    /** A few bytes that stand for megabytes: each is a reference to a long value sent once. */
    @Test
    void bombOfReferencesUnpacksToNothing() throws Exception {
        Http2Client well = client();
        well.get(1, "/").response(1);
        Http2Client attacker = client();
        for (int stream = 1; stream < 21; stream += 2) {
            ByteArrayOutputStream block = new ByteArrayOutputStream();
            block.writeBytes(attacker.block(stream, ":method", "GET", ":scheme", "https", ":path", "/"));
            // A literal with incremental indexing: name "x", a value of 3,900 bytes; then references to it.
            block.writeBytes(new byte[] {0x40, 1, 'x', 0x7f, (byte) 0xbd, 0x1d});
            block.writeBytes("a".repeat(127 + 0x3d + 0x1d * 128).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            for (int i = 0; i < 8_000; i++) {
                block.write(0x80 | 62);
            }
            try {
                attacker.send(
                        Http2Client.HEADERS,
                        Http2Client.END_HEADERS | Http2Client.END_STREAM,
                        stream,
                        block.toByteArray());
            } catch (UncheckedIOException closed) {
                break;
            }
        }

        Http2Wire.Frame end = attacker.await(frame -> frame.type() == Http2Client.RST_STREAM
                || frame.type() == Http2Client.GOAWAY
                || frame.type() == Http2Client.HEADERS);
        assertThat(end.type() != Http2Client.HEADERS
                        || end.headers().status().toString().equals("431"))
                .isTrue();
        assertThat(well.get(3, "/").response(3).body()).isEqualTo("well");
    }

    /** The client is told in time, and loses nothing. */
    @Test
    void connectionIsAskedToEndAfterTenThousandStreams() throws Exception {
        Http2Client client = client();
        int stream = 1;
        for (int batch = 0; batch < 200; batch++) {
            for (int i = 0; i < 50; i++) {
                client.get(stream + 2 * i, "/");
            }
            client.window(0, 50 * 4);
            for (int i = 0; i < 50; i++) {
                assertThat(client.response(stream).status()).isEqualTo(200);
                stream += 2;
            }
        }

        assertThat(client.await(Http2Client.GOAWAY, 0).error()).isZero();
        assertThat(client.await(frame -> false)).isNull();
    }

    static Stream<Arguments> framesOfServers() {
        return Stream.of(
                Arguments.of("PING", Http2Wire.PING, 0, 0, new byte[8]),
                Arguments.of("PING, acknowledged", Http2Wire.PING, Http2Wire.ACK, 0, new byte[8]),
                Arguments.of("SETTINGS", Http2Wire.SETTINGS, 0, 0, new byte[0]),
                Arguments.of("SETTINGS, acknowledged", Http2Wire.SETTINGS, Http2Wire.ACK, 0, new byte[0]),
                Arguments.of("unknown", UNKNOWN, 0, 1, new byte[0]),
                Arguments.of("unknown, never", UNKNOWN, 0, 99, new byte[0]),
                Arguments.of("PRIORITY", Http2Wire.PRIORITY, 0, 1, new byte[] {0, 0, 0, 0, 16}),
                Arguments.of("WINDOW_UPDATE", Http2Wire.WINDOW_UPDATE, 0, 1, new byte[] {0, 0, 0, 1}),
                // 103: an exchange takes ten of them, and a stream that is over none.
                Arguments.of(
                        "HEADERS, interim", Http2Wire.HEADERS, Http2Wire.END_HEADERS, 1, new byte[] {8, 3, '1', '0', '3'
                        }),
                Arguments.of("RST_STREAM", Http2Wire.RST_STREAM, 0, 1, new byte[4]),
                Arguments.of(
                        "table size updates", Http2Wire.HEADERS, Http2Wire.END_HEADERS, 1, new byte[] {32, 32, 32}));
    }

    /** The other way round: a server is no more to be trusted with that. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("framesOfServers")
    void floodOfAServerEndsItsConnection(String name, int type, int flags, int stream, byte[] payload)
            throws Exception {
        edge.stop();
        CountDownLatch ended = new CountDownLatch(1);
        Http2Server flooding = edge.closes(Http2Server.conversing(connection -> {
            ByteArrayOutputStream batch = new ByteArrayOutputStream();
            for (int i = 0; i < BATCH; i++) {
                batch.writeBytes(Http2Wire.frame(type, flags, stream, payload));
            }
            try {
                for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                    if (frame.type() == Http2Wire.HEADERS) {
                        for (int i = 0; i < FLOOD / BATCH; i++) {
                            connection.raw(batch.toByteArray());
                        }
                    }
                }
            } finally {
                ended.countDown();
            }
        }));
        edge.startWithBackend(
                "{ servers: " + EdgeExtension.addresses(List.of(flooding.address())) + ", protocol: h2c }", "");

        assertThat(client().request(1, "POST", "/", true).response(1).status()).isEqualTo(502);
        assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
    }
}
