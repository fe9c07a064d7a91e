package dev.postern.http.message;

import dev.postern.config.Tolerance;
import dev.postern.wire.Failure;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Parses the head of an HTTP/1 message out of bytes that may not be complete yet. Rejects what it would have to repair:
 * bare LF or CR, obs-fold, NUL and other controls, space before a colon, empty names
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-2.2">RFC 9112 §2.2</a>,
 * <a href="https://datatracker.ietf.org/doc/html/rfc9112#section-5">§5</a>). Of a server's some of that
 * is put up with: what means one thing, and what its backend {@link Tolerance tolerates}.
 *
 * <p>One instance per event loop: it carries scratch space and what it has seen lately, no state of a message between calls.
 */
public final class HeadParser {
    /** What {@link #fields} returns where the section is not complete yet. */
    private static final int INCOMPLETE = -1;

    /** What {@link #lineEnd} returns where a line ends in anything but what it may. */
    private static final int BROKEN = -2;

    /** What every version begins with; a digit, a point and a digit follow. */
    private static final byte[] VERSION = HeadWriter.constant("HTTP/");

    private static final int VERSION_LENGTH = VERSION.length + 3;

    /** A request line ends in a version and CRLF. */
    private static final int LINE_END = VERSION_LENGTH + 2;

    private final Fields.Builder fields = new Fields.Builder();
    private final Authorities authorities = new Authorities();
    private int maxRequestLine;
    private int maxHeaders;

    public HeadParser(int maxRequestLine, int maxHeaders) {
        limits(maxRequestLine, maxHeaders);
    }

    /** From now on these are the limits. */
    public void limits(int requestLine, int headers) {
        this.maxRequestLine = requestLine;
        this.maxHeaders = headers;
    }

    /**
     * Parses a request head.
     *
     * @param bytes scratch; what is kept of it is copied
     * @return null where the head is not complete yet
     */
    @Nullable public RequestHead request(byte[] bytes, int to) throws BadMessage {
        return request(bytes, to, 0, null);
    }

    /**
     * @param own how many of the fields are not the client's
     * @param serverName whom the connection is to, where that is known
     */
    @Nullable public RequestHead request(byte[] bytes, int to, int own, @Nullable String serverName) throws BadMessage {
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
            throw BadMessage.malformed("request line: does not end in a version of HTTP and CRLF");
        }
        if (length >= VERSION_LENGTH && bytes[pos + VERSION.length] != '1') {
            throw new BadMessage(Failure.ByClient.VERSION_NOT_SUPPORTED, "request line: neither HTTP/1.0 nor HTTP/1.1");
        }
        if (length < LINE_END) {
            return incompleteLine(pos - methodFrom);
        }
        int minor = minor(bytes, pos);
        pos += LINE_END;
        if (pos - 2 - methodFrom > maxRequestLine) {
            throw new BadMessage(
                    Failure.ByClient.REQUEST_LINE_TOO_LONG, "request line over " + maxRequestLine + " bytes");
        }
        int end = fields(
                bytes, pos, to, maxHeaders + own, Failure.ByClient.MALFORMED, Failure.ByClient.TOO_MANY_HEADERS, null);
        return end == INCOMPLETE
                ? null
                : RequestHead.of(
                        fields.build(Arrays.copyOf(bytes, end)),
                        methodFrom,
                        methodTo,
                        targetFrom,
                        targetTo,
                        minor,
                        serverName,
                        authorities);
    }

    /** Whether {@code length} bytes are how a request line ends, as far as they go. */
    private static boolean beginsLineEnd(byte[] bytes, int at, int length) {
        return beginsVersion(bytes, at, length)
                && (length <= VERSION_LENGTH || bytes[at + VERSION_LENGTH] == '\r')
                && (length <= VERSION_LENGTH + 1 || bytes[at + VERSION_LENGTH + 1] == '\n');
    }

    /** Whether {@code length} bytes, or the first of them, are a version, as far as they go. */
    private static boolean beginsVersion(byte[] bytes, int at, int length) {
        int known = Math.min(length, VERSION.length);
        int digit = at + VERSION.length;
        return Arrays.equals(bytes, at, at + known, VERSION, 0, known)
                && (length <= VERSION.length || Ascii.isDigit(bytes[digit]))
                && (length <= VERSION.length + 1 || bytes[digit + 1] == '.')
                && (length <= VERSION.length + 2 || Ascii.isDigit(bytes[digit + 2]));
    }

    /** 0 or 1: whoever speaks a later one has to make do with 1 (RFC 9110 §2.5). */
    private static int minor(byte[] bytes, int version) {
        return Math.min(1, bytes[version + VERSION.length + 2] - '0');
    }

    private @Nullable RequestHead incompleteLine(int length) throws BadMessage {
        if (length > maxRequestLine) {
            throw new BadMessage(
                    Failure.ByClient.REQUEST_LINE_TOO_LONG, "request line over " + maxRequestLine + " bytes");
        }
        return null;
    }

    /** A server is held to the same rules as a client; to twice the fields, for it is ours and not a stranger. */
    public int maxResponseFields() {
        return 2 * maxHeaders;
    }

    /**
     * Parses a response head; null where it is not complete yet.
     *
     * @param bytes scratch; a line that is folded is made straight in it
     * @param tolerated what is put up with besides what any server may do
     */
    @Nullable public ResponseHead response(byte[] bytes, int to, Set<Tolerance> tolerated) throws BadMessage {
        // Whoever greets us in another protocol may wait for us to go on: not a byte more will come.
        if (!beginsVersion(bytes, 0, to)
                || (to > VERSION.length && bytes[VERSION.length] != '1')
                || (to > VERSION_LENGTH && bytes[VERSION_LENGTH] != ' ')) {
            throw malformedResponse("status line does not begin with HTTP/1.0 or HTTP/1.1");
        }
        if (to < 13) {
            return null;
        }
        int minor = minor(bytes, 0);
        int status = 0;
        for (int i = 9; i < 12; i++) {
            if (!Ascii.isDigit(bytes[i])) {
                throw malformedResponse("status is not three digits");
            }
            status = status * 10 + bytes[i] - '0';
        }
        // RFC 9110 §15: whoever does not know a status takes it for the first one of its class; over 599, for a 5xx.
        if (status < 100) {
            throw malformedResponse("status is below 100");
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
        int lineEnd = lineEnd(bytes, pos, to, tolerated);
        if (lineEnd == INCOMPLETE) {
            return null;
        }
        if (lineEnd == BROKEN) {
            throw malformedResponse("status line does not end in CRLF");
        }
        pos += lineEnd;
        int end = fields(
                bytes,
                pos,
                to,
                maxResponseFields(),
                Failure.ByServer.MALFORMED_RESPONSE,
                Failure.ByServer.RESPONSE_HEAD_TOO_LARGE,
                tolerated);
        return end == INCOMPLETE
                ? null
                : ResponseHead.of(
                        fields.build(Arrays.copyOf(bytes, end)), status, reasonFrom, reasonTo, minor, tolerated);
    }

    /**
     * Parses a trailer section; null where it is not complete yet. Consumes {@link Fields#bytes}.length bytes.
     *
     * @param malformed what to throw for a section that breaks the rules
     * @param tolerated what a server may do besides what any server may; null where a client speaks
     */
    @Nullable public Fields trailers(byte[] bytes, int to, Failure malformed, @Nullable Set<Tolerance> tolerated)
            throws BadMessage {
        int end = fields(bytes, 0, to, maxHeaders, malformed, malformed, tolerated);
        return end == INCOMPLETE ? null : fields.build(Arrays.copyOf(bytes, end));
    }

    private static BadMessage malformedResponse(String detail) {
        return new BadMessage(Failure.ByServer.MALFORMED_RESPONSE, detail);
    }

    /**
     * Field lines up to and including the empty line; returns where they end, or {@link #INCOMPLETE}.
     *
     * @param tolerated what a server may do besides what any server may; null where a client speaks
     */
    private int fields(
            byte[] b, int from, int to, int max, Failure malformed, Failure tooMany, @Nullable Set<Tolerance> tolerated)
            throws BadMessage {
        fields.clear();
        boolean folds = tolerated != null && tolerated.contains(Tolerance.OBS_FOLD);
        int pos = from;
        while (true) {
            if (pos >= to) {
                return INCOMPLETE;
            }
            if (b[pos] == '\r' || b[pos] == '\n') {
                int end = lineEnd(b, pos, to, tolerated);
                if (end == BROKEN) {
                    throw new BadMessage(
                            malformed, b[pos] == '\r' ? "header section: bare CR" : lineFault(b[pos], true, false));
                }
                return end == INCOMPLETE ? INCOMPLETE : pos + end;
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
            if (tolerated != null && nameTo > nameFrom) {
                // RFC 9112 §5.1: of a response, white space before the colon is to be removed.
                pos = afterBlanks(b, pos, to);
            }
            if (pos == to) {
                return INCOMPLETE;
            }
            if (b[pos] != ':' || nameTo == nameFrom) {
                throw new BadMessage(malformed, lineFault(b[pos], nameTo == nameFrom, nameFrom == from));
            }
            int valueFrom = afterBlanks(b, pos + 1, to);
            pos = afterValue(b, valueFrom, to);
            int end = lineEnd(b, pos, to, tolerated);
            while (folds && end > 0 && pos + end < to && isBlank(b[pos + end])) {
                // RFC 9112 §5.2: a fold is a space, or more.
                Arrays.fill(b, pos, afterBlanks(b, pos + end, to), (byte) ' ');
                valueFrom = afterBlanks(b, valueFrom, to);
                pos = afterValue(b, pos, to);
                end = lineEnd(b, pos, to, tolerated);
            }
            if (end == BROKEN) {
                throw new BadMessage(malformed, "header field: value has a control character, bare CR or bare LF");
            }
            if (end == INCOMPLETE || (folds && pos + end == to)) {
                return INCOMPLETE;
            }
            int valueTo = pos;
            while (valueTo > valueFrom && isBlank(b[valueTo - 1])) {
                valueTo--;
            }
            pos += end;
            int name = ambiguous ? FieldName.AMBIGUOUS : FieldName.of(b, nameFrom, nameTo);
            if ((name == FieldName.OTHER || ambiguous) && FieldName.isAlmostFraming(b, nameFrom, nameTo)) {
                name = FieldName.ALMOST_FRAMING;
            }
            fields.add(name, nameFrom, nameTo, Math.min(valueFrom, valueTo), valueTo);
        }
    }

    /** The length of the end of a line that is due at {@code pos}, {@link #INCOMPLETE}, or {@link #BROKEN}. */
    private static int lineEnd(byte[] b, int pos, int to, @Nullable Set<Tolerance> tolerated) {
        if (pos == to) {
            return INCOMPLETE;
        }
        if (b[pos] == '\n') {
            return tolerated != null && tolerated.contains(Tolerance.BARE_LF) ? 1 : BROKEN;
        }
        if (b[pos] != '\r') {
            return BROKEN;
        }
        return pos + 1 == to ? INCOMPLETE : b[pos + 1] == '\n' ? 2 : BROKEN;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }

    private static int afterBlanks(byte[] b, int from, int to) {
        int pos = from;
        while (pos < to && isBlank(b[pos])) {
            pos++;
        }
        return pos;
    }

    private static int afterValue(byte[] b, int from, int to) {
        int pos = from;
        while (pos < to && Ascii.isValue(b[pos])) {
            pos++;
        }
        return pos;
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
