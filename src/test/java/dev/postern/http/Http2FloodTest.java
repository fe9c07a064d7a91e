package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.TestServer;
import io.netty.handler.codec.http2.Http2Error;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames that cost their sender nothing: they end its own connection, and no other. */
class Http2FloodTest {
    /** Frames sent at most, until the edge has had enough of them. */
    private static final int FLOOD = 20_000;

    private static final int BATCH = 500;
    private static final int UNKNOWN = 0x42;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private Http2Client client() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    @BeforeEach
    void start() throws Exception {
        edge.startWith(edge.closes(TestServer.saying("well")));
    }

    static Stream<Arguments> frames() {
        return Stream.of(
                Arguments.of("PING", Http2Client.PING, 0, 0, new byte[8]),
                Arguments.of("SETTINGS", Http2Client.SETTINGS, 0, 0, new byte[0]),
                Arguments.of("unknown", UNKNOWN, 0, 0, new byte[0]),
                Arguments.of("PRIORITY", Http2Client.PRIORITY, 0, 5, new byte[] {0, 0, 0, 0, 16}),
                Arguments.of("WINDOW_UPDATE", Http2Client.WINDOW_UPDATE, 0, 0, new byte[] {0, 0, 0, 1}),
                Arguments.of("empty DATA", Http2Client.DATA, 0, 1, new byte[0]));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("frames")
    void floodEndsItsConnectionOnly(String name, int type, int flags, int stream, byte[] payload) throws Exception {
        Http2Client well = client();
        Http2Client attacker = client();
        attacker.request(1, "POST", "/", false);
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

        assertThat(goAway(attacker)).isEqualTo((int) Http2Error.ENHANCE_YOUR_CALM.code());
        assertThat(well.get(1, "/").response(1).body()).isEqualTo("well");
    }

    private static int goAway(Http2Client client) {
        return client.await(Http2Client.GOAWAY, 0).error();
    }

    /** A few bytes that stand for megabytes: each is a reference to a long value sent once. */
    @Test
    void bombOfReferencesUnpacksToNothing() throws Exception {
        Http2Client well = client();
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
        assertThat(well.get(1, "/").response(1).body()).isEqualTo("well");
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

    /** The other way round: a server is no more to be trusted with that. */
    @Test
    void floodOfAServerEndsItsConnection() throws Exception {
        edge.stop();
        Http2Server flooding = edge.closes(Http2Server.conversing(connection -> {
            for (Http2Wire.Frame frame = connection.read(); frame != null; frame = connection.read()) {
                if (frame.type() == Http2Wire.HEADERS) {
                    byte[] pings = new byte[17 * BATCH];
                    for (int i = 0; i < BATCH; i++) {
                        System.arraycopy(Http2Wire.frame(Http2Wire.PING, 0, 0, new byte[8]), 0, pings, 17 * i, 17);
                    }
                    for (int i = 0; i < FLOOD / BATCH; i++) {
                        connection.raw(pings);
                    }
                }
            }
        }));
        edge.startWithBackend(
                "{ servers: " + EdgeExtension.addresses(List.of(flooding.address())) + ", protocol: h2c }", "");

        assertThat(client().request(1, "POST", "/", true).response(1).status()).isEqualTo(502);
    }
}
