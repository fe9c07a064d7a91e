package dev.postern.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A record that breaks TLS ends the connection at once, whatever was under way
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8446#section-6.2">RFC 8446 §6.2</a>).
 */
@Tag("long")
class FatalAlertTest {
    /** Far less than every timeout of ours, and enough for a busy machine. */
    private static final Duration AT_ONCE = Duration.ofSeconds(5);

    enum Broken {
        BAD_TAG,
        TOO_LONG,
        UNKNOWN_TYPE,
        EMPTY_HANDSHAKE;

        private byte[] bytes() {
            return switch (this) {
                case BAD_TAG -> record(23, new byte[40]);
                case TOO_LONG -> new byte[] {23, 3, 3, 0x48, 1};
                case UNKNOWN_TYPE -> record(99, new byte[8]);
                case EMPTY_HANDSHAKE -> record(22, new byte[0]);
            };
        }

        private static byte[] record(int type, byte[] content) {
            byte[] record = new byte[5 + content.length];
            record[0] = (byte) type;
            record[1] = 3;
            record[2] = 3;
            record[4] = (byte) content.length;
            return record;
        }
    }

    enum State {
        FRESH("", false),
        IDLE("GET /idle HTTP/1.1\r\nHost: localhost\r\n\r\n", true),
        IN_A_HEAD("GET / HTTP/1.1\r\nHost: loc", false),
        IN_A_BODY("POST /silent HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345", false),
        AWAITING_AN_ANSWER("GET /silent HTTP/1.1\r\nHost: localhost\r\n\r\n", false),
        IN_A_TUNNEL("GET /tunnel HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n", true),
        HTTP2("", false);

        private final String sends;
        private final boolean isAnswered;

        State(String sends, boolean isAnswered) {
            this.sends = sends;
            this.isAnswered = isAnswered;
        }
    }

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** Under TLS: can hold back what is written, to send it together. */
    private static final class Transport extends Socket {
        private @Nullable ByteArrayOutputStream held;
        private boolean holdsAfterFirst;

        Transport(int port) throws IOException {
            super(InetAddress.getLoopbackAddress(), port);
            setTcpNoDelay(true);
        }

        void hold(boolean hold) throws IOException {
            if (hold && held != null) {
                return;
            }
            ByteArrayOutputStream sent = held;
            held = hold ? new ByteArrayOutputStream() : null;
            if (sent != null) {
                super.getOutputStream().write(sent.toByteArray());
            }
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            OutputStream out = super.getOutputStream();
            return new OutputStream() {
                @Override
                public void write(int octet) throws IOException {
                    write(new byte[] {(byte) octet}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    (held == null ? out : held).write(bytes, from, length);
                    if (holdsAfterFirst) {
                        holdsAfterFirst = false;
                        hold(true);
                    }
                }
            };
        }
    }

    private record Connected(Transport transport, SSLSocket socket) {
        boolean closesWithin(Duration time) throws IOException {
            transport.setSoTimeout((int) time.toMillis());
            try {
                while (transport.getInputStream().read() >= 0) {
                    // The alert, and what came before.
                }
                return true;
            } catch (SocketTimeoutException e) {
                return false;
            } catch (IOException reset) {
                return true;
            }
        }
    }

    static Stream<Arguments> combinations() {
        return Stream.of("TLSv1.2", "TLSv1.3")
                .flatMap(version -> Stream.of(State.values())
                        .flatMap(state -> Stream.of(Broken.values())
                                .flatMap(broken -> Stream.of(true, false)
                                        .map(together -> Arguments.of(version, state, broken, together)))));
    }

    /** @param together the record comes in one read with the bytes before it */
    @ParameterizedTest(name = "{0}, {1}, {2}, in one read: {3}")
    @MethodSource("combinations")
    void recordThatBreaksTlsEndsTheConnection(String version, State state, Broken broken, boolean together)
            throws Exception {
        // The end of the handshake itself may come in one read with it, too.
        Connected connected = connect(version, state, together && state.sends.isEmpty() && version.equals("TLSv1.3"));
        byte[] before = state.sends.getBytes(StandardCharsets.US_ASCII);
        RawClient client = RawClient.over(connected.socket);
        Transport transport = connected.transport;
        transport.hold(together);
        if (before.length > 0) {
            client.send(before);
        }
        if (state.isAnswered && !together) {
            assertThat(client.response(true).status()).isIn(101, 200);
        }

        transport.getOutputStream().write(broken.bytes());
        transport.hold(false);

        assertThat(connected.closesWithin(AT_ONCE)).isTrue();
        await().atMost(AT_ONCE).until(() -> edge.openConnections() == 0);
    }

    @Test
    void clientThatSaysGoodbyeIsClosedOverBothProtocols() throws Exception {
        for (State state : List.of(State.FRESH, State.IDLE, State.HTTP2)) {
            Connected connected = connect("TLSv1.3", state, false);
            connected.socket.shutdownOutput();

            assertThat(connected.closesWithin(AT_ONCE)).as(state.name()).isTrue();
        }
    }

    private Connected connect(String version, State state, boolean holdingFinished) throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            if (request.path().equals("/tunnel")) {
                connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n");
                connection.in().readAllBytes();
            } else if (request.path().equals("/silent")) {
                connection.in().readAllBytes();
            } else {
                connection.send(TestServer.ok(""));
            }
        }));
        edge.stop();
        edge.startWith(server);
        Transport transport = edge.closes(new Transport(edge.httpsPort()));
        SSLSocket socket = (SSLSocket)
                edge.trust().getSocketFactory().createSocket(transport, "localhost", edge.httpsPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName("localhost")));
        parameters.setProtocols(new String[] {version});
        parameters.setApplicationProtocols(new String[] {state == State.HTTP2 ? "h2" : "http/1.1"});
        socket.setSSLParameters(parameters);
        transport.holdsAfterFirst = holdingFinished;
        socket.startHandshake();
        return new Connected(transport, socket);
    }
}
