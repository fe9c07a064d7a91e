package dev.postern.http.message;

/** Character classes of HTTP/1.1 as tables, one look-up a byte. */
public final class Ascii {
    /** <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-5.6.2">RFC 9110 §5.6.2</a>: token characters. */
    private static final boolean[] TOKEN = new boolean[256];

    /** Field values: visible, obs-text, space and tab, <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-5.5">RFC 9110 §5.5</a>. */
    private static final boolean[] VALUE = new boolean[256];

    /**
     * Request targets: visible ASCII without {@code #}, which never travels
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9112#section-3.2">RFC 9112 §3.2</a>).
     */
    private static final boolean[] TARGET = new boolean[256];

    private static final byte[] LOWER = new byte[256];

    static {
        for (int c = 0; c < 256; c++) {
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            boolean digit = c >= '0' && c <= '9';
            TOKEN[c] = letter || digit || (c < 128 && "!#$%&'*+-.^_`|~".indexOf(c) >= 0);
            VALUE[c] = c == '\t' || (c >= 0x20 && c != 0x7f);
            TARGET[c] = c > 0x20 && c < 0x7f && c != '#';
            LOWER[c] = (byte) (c >= 'A' && c <= 'Z' ? c + 32 : c);
        }
    }

    private Ascii() {}

    public static boolean isToken(byte b) {
        return TOKEN[b & 0xff];
    }

    public static boolean isValue(byte b) {
        return VALUE[b & 0xff];
    }

    public static boolean isTarget(byte b) {
        return TARGET[b & 0xff];
    }

    static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    public static byte lower(byte b) {
        return LOWER[b & 0xff];
    }

    /** The value of a hexadecimal digit, or -1. */
    static int hex(byte b) {
        if (b >= '0' && b <= '9') {
            return b - '0';
        }
        byte l = lower(b);
        return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
    }
}
