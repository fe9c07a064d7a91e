package dev.postern.http.exchange;

import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * The question and the answer by which HTTP/1.1 makes sure that a server means to speak WebSocket, and is no cache that
 * repeats what another said: <a href="https://datatracker.ietf.org/doc/html/rfc6455#section-4.2.2">RFC 6455 §4.2.2</a>.
 * HTTP/2 has none: where only one side speaks it, the edge asks or answers.
 */
public final class WebSocketKey {
    public static final String PROTOCOL = "websocket";

    private static final String NAME = "sec-websocket-key";
    private static final String ACCEPT = "sec-websocket-accept";
    private static final byte[] GUID = HeadWriter.constant("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    private static final int BYTES = 16;

    private WebSocketKey() {}

    /** @param bytes has a name in {@code [from, to)} */
    public static boolean isName(byte[] bytes, int from, int to) {
        return FieldName.equalsIgnoreCase(bytes, from, to, NAME);
    }

    /**
     * Another one for each request, which is all that is asked of it.
     *
     * @param requestId another one each time
     */
    public static byte[] of(String requestId) {
        byte[] id = requestId.getBytes(StandardCharsets.US_ASCII);
        return Base64.getEncoder().encode(Arrays.copyOfRange(id, id.length - BYTES, id.length));
    }

    /** Whether a field is the answer to a key. */
    public static boolean isAccept(Fields fields, int field) {
        return FieldName.equalsIgnoreCase(fields.bytes(), fields.nameFrom(field), fields.nameTo(field), ACCEPT);
    }

    /** What answers the key of {@code request}; empty where it has none. */
    public static byte[] accept(RequestHead request) {
        Fields fields = request.fields();
        for (int i = 0; i < fields.count(); i++) {
            if (FieldName.equalsIgnoreCase(fields.bytes(), fields.nameFrom(i), fields.nameTo(i), NAME)) {
                return accept(Arrays.copyOfRange(fields.bytes(), fields.valueFrom(i), fields.valueTo(i)));
            }
        }
        return new byte[0];
    }

    private static byte[] accept(byte[] key) {
        try {
            // Not a signature: RFC 6455 asks for SHA-1 here.
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            digest.update(key);
            return Base64.getEncoder().encode(digest.digest(GUID));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Why {@code head}, a 101, is no answer to {@code request}; null where it is one. */
    static @Nullable String fault(RequestHead request, ResponseHead head) {
        String asked = request.upgrade();
        if (asked == null || !asked.equalsIgnoreCase(head.upgrade())) {
            return "101 without being asked to switch to that protocol";
        }
        return asked.equalsIgnoreCase(PROTOCOL) && !isAccepted(request, head)
                ? "Sec-WebSocket-Accept does not fit the key that was sent"
                : null;
    }

    /** Whether {@code head} answers the key of {@code request}, if that has one. */
    private static boolean isAccepted(RequestHead request, ResponseHead head) {
        byte[] expected = accept(request);
        if (expected.length == 0) {
            return true;
        }
        Fields fields = head.fields();
        for (int i = 0; i < fields.count(); i++) {
            if (isAccept(fields, i)) {
                return Arrays.equals(
                        fields.bytes(), fields.valueFrom(i), fields.valueTo(i), expected, 0, expected.length);
            }
        }
        return false;
    }
}
