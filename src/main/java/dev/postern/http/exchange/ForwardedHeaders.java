package dev.postern.http.exchange;

import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RequestHead;
import io.netty.util.NetUtil;

/**
 * What a server is told of the client. Two questions, two methods: what of the client's own claims is removed, and what
 * we write; the second does not depend on the first, so a server always gets all these headers, and they are always
 * ours.
 */
public final class ForwardedHeaders {
    private static final byte[] FOR = HeadWriter.constant("X-Forwarded-For: ");
    private static final byte[] PROTO_HTTP = HeadWriter.constant("X-Forwarded-Proto: http\r\n");
    private static final byte[] PROTO_HTTPS = HeadWriter.constant("X-Forwarded-Proto: https\r\n");
    private static final byte[] HOST = HeadWriter.constant("X-Forwarded-Host: ");
    private static final byte[] PORT = HeadWriter.constant("X-Forwarded-Port: ");
    private static final byte[] REAL_IP = HeadWriter.constant("X-Real-IP: ");
    private static final byte[] VIA = HeadWriter.constant("Via: ");
    private static final byte[] VIA_NAME = HeadWriter.constant(" postern\r\n");
    private static final byte[] COMMA = HeadWriter.constant(", ");

    private ForwardedHeaders() {}

    /** Whether a field of the client's goes no further, because only we may say such a thing. */
    public static boolean removes(int name, boolean trusted) {
        return switch (name) {
            case FieldName.FORWARDED,
                    FieldName.X_REAL_IP,
                    FieldName.X_FORWARDED_FOR,
                    FieldName.AMBIGUOUS,
                    FieldName.ALMOST_FRAMING -> true;
            case FieldName.X_FORWARDED_PROTO,
                    FieldName.X_FORWARDED_HOST,
                    FieldName.X_FORWARDED_PORT,
                    FieldName.X_FORWARDED_ANY,
                    FieldName.CLAIM -> !trusted;
            default -> false;
        };
    }

    /** Whether a field that is removed may be let through all the same, where the configuration names it. */
    static boolean mayBeKept(int name) {
        return name == FieldName.AMBIGUOUS || name == FieldName.CLAIM;
    }

    /** Whether a field, from a trusted proxy, says what {@link #write} says of other clients. */
    static boolean tells(int name) {
        return switch (name) {
            case FieldName.X_FORWARDED_PROTO, FieldName.X_FORWARDED_HOST, FieldName.X_FORWARDED_PORT -> true;
            default -> false;
        };
    }

    /** Writes ours; from a trusted proxy its own say in proto, host and port stands, and its list is continued. */
    static void write(HeadWriter out, OutgoingRequest outgoing) {
        RequestHead head = outgoing.request();
        Client client = outgoing.client();
        Fields fields = head.fields();
        boolean trusted = client.isTrusted();
        out.bytes(FOR);
        if (trusted) {
            for (int i = 0; i < fields.count(); i++) {
                if (fields.name(i) == FieldName.X_FORWARDED_FOR && fields.valueFrom(i) < fields.valueTo(i)) {
                    out.bytes(fields.bytes(), fields.valueFrom(i), fields.valueTo(i))
                            .bytes(COMMA);
                }
            }
        }
        out.bytes(client.addressBytes()).crlf();
        if (!trusted || fields.find(FieldName.X_FORWARDED_PROTO) < 0) {
            out.bytes(client.isSecure() ? PROTO_HTTPS : PROTO_HTTP);
        }
        if (!trusted || fields.find(FieldName.X_FORWARDED_HOST) < 0) {
            int host = fields.find(FieldName.HOST);
            out.bytes(HOST)
                    .bytes(fields.bytes(), fields.valueFrom(host), fields.valueTo(host))
                    .crlf();
        }
        if (!trusted || fields.find(FieldName.X_FORWARDED_PORT) < 0) {
            out.bytes(PORT).bytes(client.portBytes()).crlf();
        }
        // One address, for programs that look no further: the client that the access log, rate limits and `allow` know.
        out.bytes(REAL_IP);
        if (trusted) {
            out.text(NetUtil.toAddressString(outgoing.requester().address()));
        } else {
            out.bytes(client.addressBytes());
        }
        out.crlf();
        out.bytes(VIA).bytes(client.version(head)).bytes(VIA_NAME);
    }
}
