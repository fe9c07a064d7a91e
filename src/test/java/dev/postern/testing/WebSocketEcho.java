package dev.postern.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;

/**
 * A WebSocket server on one connection: the handshake and short unfragmented frames,
 * <a href="https://datatracker.ietf.org/doc/html/rfc6455#section-5.2">RFC 6455 §5.2</a>.
 */
public final class WebSocketEcho {
    private WebSocketEcho() {}

    /** The 101 to {@code request}. */
    public static String switching(TestServer.Request request) {
        return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: "
                + accept(request.header("Sec-WebSocket-Key").get(0)) + "\r\n\r\n";
    }

    /** What answers a key. */
    public static String accept(String key) {
        try {
            byte[] text = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Shakes hands and says back what it is told, to the end. */
    public static void serve(TestServer.Request request, TestServer.Connection connection) throws IOException {
        connection.send(switching(request));
        for (int first = connection.in().read();
                first >= 0;
                first = connection.in().read()) {
            int length = connection.in().read() & 0x7f;
            byte[] mask = connection.in().readNBytes(4);
            byte[] frame = new byte[2 + length];
            frame[0] = (byte) first;
            frame[1] = (byte) length;
            for (int i = 0; i < length; i++) {
                frame[2 + i] = (byte) (connection.in().read() ^ mask[i % 4]);
            }
            connection.send(frame);
        }
    }
}
