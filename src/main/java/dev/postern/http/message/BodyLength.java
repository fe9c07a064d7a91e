package dev.postern.http.message;

/** The two ways to say how long a body is, read without mercy. */
final class BodyLength {
    /** 18 digits cannot overflow a long. */
    private static final int MAX_DIGITS = 18;

    private BodyLength() {}

    /** The value of a {@code Content-Length}: digits, nothing else, or -1. */
    static long digits(Fields fields, int field) {
        return digits(fields.bytes(), fields.valueFrom(field), fields.valueTo(field));
    }

    /**
     * As {@link #digits}, of a server: what says the same number several times says it
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-6.3">RFC 9112 §6.3</a>).
     */
    static long ofList(Fields fields, int field) {
        byte[] b = fields.bytes();
        int to = fields.valueTo(field);
        long value = -1;
        for (int from = fields.valueFrom(field); from <= to; ) {
            int comma = from;
            while (comma < to && b[comma] != ',') {
                comma++;
            }
            int end = comma;
            while (from < end && isBlank(b[from])) {
                from++;
            }
            while (end > from && isBlank(b[end - 1])) {
                end--;
            }
            long each = digits(b, from, end);
            if (each < 0 || (value >= 0 && each != value)) {
                return -1;
            }
            value = each;
            from = comma + 1;
        }
        return value;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private static long digits(byte[] b, int from, int to) {
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

    /**
     * Whether a {@code Transfer-Encoding} is {@code chunked} behind other codings: where the body ends is beyond doubt, and
     * only what it means is not known (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-6.1">RFC 9112
     * §6.1</a>).
     */
    static boolean isChunkedOverOthers(Fields fields, int field) {
        String[] codings = fields.value(field).split(",", -1);
        for (int i = 0; i < codings.length; i++) {
            String coding = codings[i].strip();
            if (!isToken(coding) || coding.equalsIgnoreCase("chunked") != (i == codings.length - 1)) {
                return false;
            }
        }
        return codings.length > 1;
    }

    private static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c < 0x80 && Ascii.isToken((byte) c));
    }

    static boolean isChunked(Fields fields, int field) {
        return FieldName.equalsIgnoreCase(fields.bytes(), fields.valueFrom(field), fields.valueTo(field), "chunked");
    }
}
