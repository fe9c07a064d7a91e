package dev.postern.http.message;

import java.nio.charset.StandardCharsets;

/**
 * Whom a request is addressed to: {@code host[:port]} without user information,
 * <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-7.2">RFC 9110 §7.2</a>.
 *
 * @param host lower-case, without a trailing dot; an IPv6 address in brackets
 * @param port -1 where none was given, or an empty one
 */
public record Authority(String host, int port) {
    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    /** Whether both are the same where one says the port that the other leaves to the scheme (RFC 9110 §4.2.3). */
    public boolean isSameAs(Authority other, boolean https) {
        return host.equals(other.host) && port(https) == other.port(https);
    }

    private int port(boolean https) {
        return port >= 0 ? port : https ? HTTPS : HTTP;
    }

    public static Authority parse(byte[] b, int from, int to) throws BadMessage {
        int end = from < to && b[from] == '[' ? literalEnd(b, from, to) : nameEnd(b, from, to);
        int port = -1;
        // "localhost:" is valid: an empty port is none (RFC 9110 §4.2.1).
        if (end + 1 < to) {
            port = port(b, end, to);
        }
        int nameTo = end - from > 1 && b[end - 1] == '.' ? end - 1 : end;
        if (nameTo == from) {
            throw BadMessage.malformed("Host is empty");
        }
        byte[] lower = new byte[nameTo - from];
        for (int i = 0; i < lower.length; i++) {
            lower[i] = Ascii.lower(b[from + i]);
        }
        return new Authority(new String(lower, StandardCharsets.ISO_8859_1), port);
    }

    private static int nameEnd(byte[] b, int from, int to) throws BadMessage {
        int i = from;
        while (i < to && b[i] != ':') {
            byte c = Ascii.lower(b[i]);
            if (!((c >= 'a' && c <= 'z') || Ascii.isDigit(c) || c == '-' || c == '.' || c == '_')) {
                throw BadMessage.malformed("Host has a character that no host name has");
            }
            i++;
        }
        return i;
    }

    private static int literalEnd(byte[] b, int from, int to) throws BadMessage {
        int i = from + 1;
        while (i < to && b[i] != ']') {
            if (Ascii.hex(b[i]) < 0 && b[i] != ':' && b[i] != '.') {
                throw BadMessage.malformed("Host has an address in brackets that is not IPv6");
            }
            i++;
        }
        if (i == to || i == from + 1 || (i + 1 < to && b[i + 1] != ':')) {
            throw BadMessage.malformed("Host has an address in brackets that is not IPv6");
        }
        return i + 1;
    }

    private static int port(byte[] b, int colon, int to) throws BadMessage {
        int port = 0;
        if (to - colon > 6) {
            throw BadMessage.malformed("Host has a port that is not a number from 1 to 65535");
        }
        for (int i = colon + 1; i < to; i++) {
            if (!Ascii.isDigit(b[i])) {
                throw BadMessage.malformed("Host has a port that is not a number from 1 to 65535");
            }
            port = port * 10 + b[i] - '0';
        }
        if (port < 1 || port > 65535) {
            throw BadMessage.malformed("Host has a port that is not a number from 1 to 65535");
        }
        return port;
    }
}
