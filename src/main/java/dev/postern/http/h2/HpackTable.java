package dev.postern.http.h2;

import dev.postern.http.message.Ascii;
import java.nio.charset.StandardCharsets;

/**
 * The fields that every HPACK block may name by a number, <a
 * href="https://datatracker.ietf.org/doc/html/rfc7541#appendix-A">RFC 7541 appendix A</a>; the first is 1.
 */
final class HpackTable {
    /** How many there are; the numbers behind it are those of the table that a connection fills as it goes. */
    static final int LENGTH = 61;

    /** What each field counts for besides its name and its value (RFC 7541 §4.1). */
    static final int PER_FIELD = 32;

    static final int AUTHORITY = 1;
    static final int METHOD_GET = 2;
    static final int METHOD_POST = 3;
    static final int PATH = 4;
    static final int SCHEME_HTTP = 6;
    static final int SCHEME_HTTPS = 7;
    static final int STATUS = 8;
    static final int AUTHORIZATION = 23;
    static final int CONTENT_LENGTH = 28;
    static final int COOKIE = 32;
    static final int DATE = 33;
    static final int PROXY_AUTHORIZATION = 49;
    static final int SET_COOKIE = 55;

    private static final String[] FIELDS = {
        ":authority",
        "",
        ":method",
        "GET",
        ":method",
        "POST",
        ":path",
        "/",
        ":path",
        "/index.html",
        ":scheme",
        "http",
        ":scheme",
        "https",
        ":status",
        "200",
        ":status",
        "204",
        ":status",
        "206",
        ":status",
        "304",
        ":status",
        "400",
        ":status",
        "404",
        ":status",
        "500",
        "accept-charset",
        "",
        "accept-encoding",
        "gzip, deflate",
        "accept-language",
        "",
        "accept-ranges",
        "",
        "accept",
        "",
        "access-control-allow-origin",
        "",
        "age",
        "",
        "allow",
        "",
        "authorization",
        "",
        "cache-control",
        "",
        "content-disposition",
        "",
        "content-encoding",
        "",
        "content-language",
        "",
        "content-length",
        "",
        "content-location",
        "",
        "content-range",
        "",
        "content-type",
        "",
        "cookie",
        "",
        "date",
        "",
        "etag",
        "",
        "expect",
        "",
        "expires",
        "",
        "from",
        "",
        "host",
        "",
        "if-match",
        "",
        "if-modified-since",
        "",
        "if-none-match",
        "",
        "if-range",
        "",
        "if-unmodified-since",
        "",
        "last-modified",
        "",
        "link",
        "",
        "location",
        "",
        "max-forwards",
        "",
        "proxy-authenticate",
        "",
        "proxy-authorization",
        "",
        "range",
        "",
        "referer",
        "",
        "refresh",
        "",
        "retry-after",
        "",
        "server",
        "",
        "set-cookie",
        "",
        "strict-transport-security",
        "",
        "transfer-encoding",
        "",
        "user-agent",
        "",
        "vary",
        "",
        "via",
        "",
        "www-authenticate",
        "",
    };

    private static final byte[][] NAMES = new byte[LENGTH + 1][];
    private static final byte[][] VALUES = new byte[LENGTH + 1][];

    /** Numbers by the hashes of their names; 0 is none. A power of two, with room enough for few to be moved on. */
    private static final byte[] SLOTS = new byte[256];

    static {
        for (int i = 1; i <= LENGTH; i++) {
            NAMES[i] = FIELDS[2 * i - 2].getBytes(StandardCharsets.US_ASCII);
            VALUES[i] = FIELDS[2 * i - 1].getBytes(StandardCharsets.US_ASCII);
            if (i == 1 || !FIELDS[2 * i - 2].equals(FIELDS[2 * i - 4])) {
                int at = slot(hash(NAMES[i], 0, NAMES[i].length));
                while (SLOTS[at] != 0) {
                    at = (at + 1) & (SLOTS.length - 1);
                }
                SLOTS[at] = (byte) i;
            }
        }
    }

    private HpackTable() {}

    /** Not to be changed. */
    static byte[] name(int number) {
        return NAMES[number];
    }

    /** Not to be changed. */
    static byte[] value(int number) {
        return VALUES[number];
    }

    /** Of a name, whatever the case of its letters. */
    static int hash(byte[] bytes, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + Ascii.lower(bytes[i]);
        }
        return hash;
    }

    private static int slot(int hash) {
        int mixed = hash * 0x9E3779B9;
        return mixed >>> 24;
    }

    /**
     * The first field of this name, whatever the case of its letters; 0 where there is none.
     *
     * @param hash of the name
     */
    static int find(byte[] bytes, int from, int to, int hash) {
        for (int at = slot(hash); SLOTS[at] != 0; at = (at + 1) & (SLOTS.length - 1)) {
            if (isName(NAMES[SLOTS[at]], bytes, from, to)) {
                return SLOTS[at];
            }
        }
        return 0;
    }

    /** Whether {@code bytes[from, to)} is the first {@code to - from} bytes of {@code lower}, whatever the case of its letters. */
    private static boolean isName(byte[] lower, byte[] bytes, int from, int to) {
        return lower.length == to - from && startsWith(lower, bytes, from, to);
    }

    /** As {@link #find} compares: {@code lower} may go on behind it. */
    static boolean startsWith(byte[] lower, byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (lower[i - from] != Ascii.lower(bytes[i])) {
                return false;
            }
        }
        return true;
    }
}
