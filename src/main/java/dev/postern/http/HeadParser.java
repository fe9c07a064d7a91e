package dev.postern.http;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Parses the head of an HTTP/1 message out of bytes that may not be complete yet. Rejects what it would have to repair:
 * bare LF or CR, obs-fold, NUL and other controls, space before a colon, empty names
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-2.2">RFC 9112 §2.2</a>,
 * <a href="https://datatracker.ietf.org/doc/html/rfc9112#section-5">§5</a>).
 *
 * <p>One instance per event loop: it carries scratch space, no state between calls.
 */
final class HeadParser {
    /** What {@link #fields} returns where the section is not complete yet. */
    private static final int INCOMPLETE = -1;

    /** What every version that we speak begins with. */
    private static final byte[] VERSION = HeadWriter.constant("HTTP/1.");

    /** A request line ends in a version of one more digit, and CRLF. */
    private static final int LINE_END = VERSION.length + 3;

    private final Fields.Builder fields = new Fields.Builder();
    private int maxRequestLine;
    private int maxHeaders;

    HeadParser(int maxRequestLine, int maxHeaders) {
        limits(maxRequestLine, maxHeaders);
    }

    /** From now on these are the limits. */
    void limits(int requestLine, int headers) {
        this.maxRequestLine = requestLine;
        this.maxHeaders = headers;
    }

    /**
     * Parses a request head.
     *
     * @param bytes scratch; what is kept of it is copied
     * @return null where the head is not complete yet
     */
    @Nullable RequestHead request(byte[] bytes, int to) throws BadMessage {
        return request(bytes, to, 0);
    }

    /** @param own how many of the fields are not the client's */
    @Nullable RequestHead request(byte[] bytes, int to, int own) throws BadMessage {
        int pos = 0;
        // RFC 9112 §2.2: one empty line before the request line is forgiven; old clients send it after a body.
        if (to > 0 && bytes[0] == '\r') {
            if (to == 1) {
                return null;
            }
            pos = bytes[1] == '\n' ? 2 : 0;
        }
        int methodFrom = pos;
        while (pos < to && Ascii.isToken(bytes[pos])) {
            pos++;
        }
        int methodTo = pos;
        if (pos == to) {
            return incompleteLine(pos - methodFrom);
        }
        if (bytes[pos] != ' ' || methodTo == methodFrom) {
            throw BadMessage.malformed("request line: method is not a token followed by one space");
        }
        int targetFrom = ++pos;
        while (pos < to && Ascii.isTarget(bytes[pos])) {
            pos++;
        }
        int targetTo = pos;
        if (pos == to) {
            return incompleteLine(pos - methodFrom);
        }
        if (bytes[pos] != ' ' || targetTo == targetFrom) {
            throw BadMessage.malformed("request line: target is empty or has characters no URI may have");
        }
        pos++;
        // Whoever ends the line early, or speaks another version, may wait for an answer: not a byte more will come.
        int length = Math.min(to - pos, LINE_END);
        if (!beginsLineEnd(bytes, pos, length)) {
            throw BadMessage.malformed("request line: does not end in HTTP/1.0 or HTTP/1.1 and CRLF");
        }
        if (length < LINE_END) {
            return incompleteLine(pos - methodFrom);
        }
        int minor = bytes[pos + VERSION.length] - '0';
        pos += LINE_END;
        if (pos - 2 - methodFrom > maxRequestLine) {
            throw new BadMessage(
                    Failure.ByClient.REQUEST_LINE_TOO_LONG, "request line over " + maxRequestLine + " bytes");
        }
        int end =
                fields(bytes, pos, to, maxHeaders + own, Failure.ByClient.MALFORMED, Failure.ByClient.TOO_MANY_HEADERS);
        return end == INCOMPLETE
                ? null
                : RequestHead.of(
                        fields.build(Arrays.copyOf(bytes, end)), methodFrom, methodTo, targetFrom, targetTo, minor);
    }

    /** Whether {@code length} bytes are how a request line ends, as far as they go. */
    private static boolean beginsLineEnd(byte[] bytes, int at, int length) {
        int digit = at + VERSION.length;
        int known = Math.min(length, VERSION.length);
        return Arrays.equals(bytes, at, at + known, VERSION, 0, known)
                && (length <= VERSION.length || bytes[digit] == '0' || bytes[digit] == '1')
                && (length <= VERSION.length + 1 || bytes[digit + 1] == '\r')
                && (length <= VERSION.length + 2 || bytes[digit + 2] == '\n');
    }

    private @Nullable RequestHead incompleteLine(int length) throws BadMessage {
        if (length > maxRequestLine) {
            throw new BadMessage(
                    Failure.ByClient.REQUEST_LINE_TOO_LONG, "request line over " + maxRequestLine + " bytes");
        }
        return null;
    }

    /** A server is held to the same rules as a client; to twice the fields, for it is ours and not a stranger. */
    int maxResponseFields() {
        return 2 * maxHeaders;
    }

    /** Parses a response head; null where it is not complete yet. */
    @Nullable ResponseHead response(byte[] bytes, int to) throws BadMessage {
        if (to < 13) {
            // Whoever greets us in another protocol may wait for us to go on: not a byte more will come.
            if (!Arrays.equals(bytes, 0, Math.min(to, VERSION.length), VERSION, 0, Math.min(to, VERSION.length))) {
                throw malformedResponse("status line does not begin with HTTP/1.0 or HTTP/1.1");
            }
            return null;
        }
        int minor = bytes[7] - '0';
        if (!version(bytes, 0) || minor > 1 || bytes[8] != ' ') {
            throw malformedResponse("status line does not begin with HTTP/1.0 or HTTP/1.1");
        }
        int status = 0;
        for (int i = 9; i < 12; i++) {
            if (!Ascii.isDigit(bytes[i])) {
                throw malformedResponse("status is not three digits");
            }
            status = status * 10 + bytes[i] - '0';
        }
        if (status < 100 || status > 599) {
            throw malformedResponse("status is not between 100 and 599");
        }
        int pos = 12;
        int reasonFrom = pos;
        if (bytes[pos] == ' ') {
            reasonFrom = ++pos;
            while (pos < to && Ascii.isValue(bytes[pos])) {
                pos++;
            }
        }
        int reasonTo = pos;
        if (to - pos < 2) {
            return null;
        }
        if (bytes[pos] != '\r' || bytes[pos + 1] != '\n') {
            throw malformedResponse("status line does not end in CRLF");
        }
        pos += 2;
        int end = fields(
                bytes,
                pos,
                to,
                maxResponseFields(),
                Failure.ByServer.MALFORMED_RESPONSE,
                Failure.ByServer.RESPONSE_HEAD_TOO_LARGE);
        return end == INCOMPLETE
                ? null
                : ResponseHead.of(fields.build(Arrays.copyOf(bytes, end)), status, reasonFrom, reasonTo, minor);
    }

    /**
     * Parses a trailer section; null where it is not complete yet. Consumes {@link Fields#bytes}.length bytes.
     *
     * @param malformed what to throw for a section that breaks the rules
     */
    @Nullable Fields trailers(byte[] bytes, int to, Failure malformed) throws BadMessage {
        int end = fields(bytes, 0, to, maxHeaders, malformed, malformed);
        return end == INCOMPLETE ? null : fields.build(Arrays.copyOf(bytes, end));
    }

    private static boolean version(byte[] bytes, int at) {
        return Arrays.equals(bytes, at, at + VERSION.length, VERSION, 0, VERSION.length) && bytes[at + 7] >= '0';
    }

    private static BadMessage malformedResponse(String detail) {
        return new BadMessage(Failure.ByServer.MALFORMED_RESPONSE, detail);
    }

    /** Field lines up to and including the empty line; returns where they end, or {@link #INCOMPLETE}. */
    private int fields(byte[] b, int from, int to, int max, Failure malformed, Failure tooMany) throws BadMessage {
        fields.clear();
        int pos = from;
        while (true) {
            if (pos >= to) {
                return INCOMPLETE;
            }
            if (b[pos] == '\r') {
                if (pos + 1 == to) {
                    return INCOMPLETE;
                }
                if (b[pos + 1] != '\n') {
                    throw new BadMessage(malformed, "header section: bare CR");
                }
                return pos + 2;
            }
            if (fields.count() == max) {
                throw new BadMessage(tooMany, "more than " + max + " header fields");
            }
            int nameFrom = pos;
            boolean ambiguous = false;
            while (pos < to && Ascii.isToken(b[pos])) {
                ambiguous |= b[pos] == '_' || b[pos] == '.';
                pos++;
            }
            int nameTo = pos;
            if (pos == to) {
                return INCOMPLETE;
            }
            if (b[pos] != ':' || nameTo == nameFrom) {
                throw new BadMessage(malformed, lineFault(b[pos], nameTo == nameFrom, nameFrom == from));
            }
            pos++;
            while (pos < to && (b[pos] == ' ' || b[pos] == '\t')) {
                pos++;
            }
            int valueFrom = pos;
            while (pos < to && Ascii.isValue(b[pos])) {
                pos++;
            }
            if (to - pos < 2) {
                if (pos < to && b[pos] != '\r') {
                    throw new BadMessage(malformed, "header field: value has a control character or bare LF");
                }
                return INCOMPLETE;
            }
            if (b[pos] != '\r' || b[pos + 1] != '\n') {
                throw new BadMessage(malformed, "header field: value has a control character, bare CR or bare LF");
            }
            int valueTo = pos;
            while (valueTo > valueFrom && (b[valueTo - 1] == ' ' || b[valueTo - 1] == '\t')) {
                valueTo--;
            }
            pos += 2;
            int name = ambiguous ? FieldName.AMBIGUOUS : FieldName.of(b, nameFrom, nameTo);
            fields.add(name, nameFrom, nameTo, valueFrom, valueTo);
        }
    }

    private static String lineFault(byte at, boolean nameless, boolean first) {
        if (nameless && (at == ' ' || at == '\t')) {
            return first ? "header section: begins with white space" : "header section: folded line (obs-fold)";
        }
        if (nameless) {
            return at == ':'
                    ? "header field: empty name"
                    : "header section: line does not begin with a field name, or bare LF";
        }
        return at == ' ' || at == '\t'
                ? "header field: white space before the colon"
                : "header field: name has a character that is not allowed";
    }
}
