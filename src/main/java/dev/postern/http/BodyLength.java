package dev.postern.http;

/** The two ways to say how long a body is, read without mercy. */
final class BodyLength {
    /** 18 digits cannot overflow a long. */
    private static final int MAX_DIGITS = 18;

    private BodyLength() {}

    /** The value of a {@code Content-Length}: digits, nothing else, or -1. */
    static long digits(Fields fields, int field) {
        byte[] b = fields.bytes();
        int from = fields.valueFrom(field);
        int to = fields.valueTo(field);
        if (from == to || to - from > MAX_DIGITS) {
            return -1;
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            if (!Ascii.isDigit(b[i])) {
                return -1;
            }
            value = value * 10 + (b[i] - '0');
        }
        return value;
    }

    static long parse(Fields fields, int field) throws BadMessage {
        long value = digits(fields, field);
        if (value < 0) {
            throw BadMessage.malformed("Content-Length is not a decimal number");
        }
        return value;
    }

    static boolean isChunked(Fields fields, int field) {
        return FieldName.equalsIgnoreCase(fields.bytes(), fields.valueFrom(field), fields.valueTo(field), "chunked");
    }
}
