package dev.postern.http.message;

import dev.postern.route.FieldEdits;

/**
 * Which fields of a server's response reach the client, whatever protocol it speaks; <a
 * href="https://datatracker.ietf.org/doc/html/rfc9110#section-7.6.1">RFC 9110 §7.6.1</a>.
 */
public final class ResponseFields {
    private ResponseFields() {}

    /**
     * Whether a field goes on. {@code Upgrade} does: what is said of protocols differs from one to the other.
     *
     * @param edits what the route does to them
     */
    public static boolean pass(ResponseHead head, int field, FieldEdits edits) {
        Fields fields = head.fields();
        return !isHopByHop(fields.name(field))
                && !(!head.connection().named().isEmpty() && head.connection().names(fields, field))
                && !edits.removes(fields.bytes(), fields.nameFrom(field), fields.nameTo(field));
    }

    private static boolean isHopByHop(int name) {
        return switch (name) {
            case FieldName.CONTENT_LENGTH,
                    FieldName.TRANSFER_ENCODING,
                    FieldName.CONNECTION,
                    FieldName.KEEP_ALIVE,
                    FieldName.PROXY_CONNECTION,
                    FieldName.TE,
                    // Some client may take it for the real one.
                    FieldName.ALMOST_FRAMING -> true;
            default -> false;
        };
    }
}
