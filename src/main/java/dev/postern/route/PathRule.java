package dev.postern.route;

import java.util.Arrays;

/**
 * The one form of a path: routes are compared with it, and servers are sent it, so that what a route was chosen by is
 * what the server reads. Paths that two programs might read in two ways do not get through.
 *
 * <ul>
 *   <li>Encoded characters that need no encoding are decoded, other encodings get capital digits
 *       (<a href="https://datatracker.ietf.org/doc/html/rfc3986#section-6.2.2">RFC 3986 §6.2.2</a>).
 *   <li>Slashes that follow each other are one.
 *   <li>{@code .} and {@code ..} segments, encoded ones too, are resolved
 *       (<a href="https://datatracker.ietf.org/doc/html/rfc3986#section-5.2.4">§5.2.4</a>).
 *   <li>Refused is: a {@code ..} that leads above the root; a {@code %} without two hexadecimal digits; an encoded control
 *       character; UTF-8 in more bytes than needed, which some decode to a slash or a dot; a backslash, which some take for a
 *       slash; a dot segment with a parameter, {@code ..;}, which some resolve all the same; a dot segment at an encoded
 *       slash or backslash. Whether encoded slashes and backslashes pass at all is for the route to say.
 * </ul>
 *
 * <p>Parameters of segments, {@code ;x=1}, are sent to the server, but are not there when a route is chosen. The query is not
 * touched, nor is the case of letters. Applying the rule to its own result changes nothing.
 */
public final class PathRule {
    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'};

    /** https://datatracker.ietf.org/doc/html/rfc3986#section-2.3 */
    private static final boolean[] UNRESERVED = new boolean[256];

    static {
        for (int c = 0; c < 128; c++) {
            UNRESERVED[c] = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || c == '-'
                    || c == '.'
                    || c == '_'
                    || c == '~';
        }
    }

    /** What becomes of slashes that follow each other. */
    public enum Slashes {
        MERGE,
        KEEP
    }

    private PathRule() {}

    /**
     * Whether the path is in its one form, without looking twice: a path for which this is false may be, too. Most paths
     * need no more than this look.
     */
    public static boolean isPlain(byte[] b, int from, int to) {
        byte before = 0;
        for (int i = from; i < to; i++) {
            byte c = b[i];
            if (c == '%' || c == ';' || c == '\\' || (before == '/' && (c == '/' || c == '.'))) {
                return false;
            }
            before = c;
        }
        return true;
    }

    /**
     * The path in {@code [from, to)}, which begins with {@code /}, in its one form.
     *
     * @throws PathRefused where there is none
     */
    public static byte[] apply(byte[] b, int from, int to, Slashes slashes) throws PathRefused {
        byte[] path = new byte[to - from];
        int length = decode(b, from, to, path);
        return Arrays.copyOf(path, resolve(path, length, slashes));
    }

    /**
     * A path in its one form as routes see it: without parameters, {@code ;} and what follows it in a segment. Application
     * servers cut these off before they look for what was asked, so that {@code /admin;x} must be no way around a rule
     * about {@code /admin}.
     */
    public static byte[] withoutParameters(byte[] path) {
        byte[] routed = new byte[path.length];
        int length = 0;
        boolean parameter = false;
        for (byte c : path) {
            parameter = c != '/' && (parameter || c == ';');
            // What is left of a segment that was all parameters is no segment.
            boolean twice = c == '/' && length > 0 && routed[length - 1] == '/';
            if (!parameter && !twice) {
                routed[length++] = c;
            }
        }
        return Arrays.copyOf(routed, length);
    }

    /** Where in a path what follows its first {@code count} bytes begins, counted in what {@link #withoutParameters} leaves. */
    static int after(byte[] path, int from, int to, int count) {
        int counted = 0;
        byte before = 0;
        boolean parameter = false;
        for (int i = from; i < to; i++) {
            byte c = path[i];
            parameter = c != '/' && (parameter || c == ';');
            if (parameter || (c == '/' && before == '/')) {
                continue;
            }
            if (counted == count) {
                return i;
            }
            counted++;
            before = c;
        }
        return to;
    }

    /** Whether a path in its one form has a slash or backslash that is encoded. */
    public static boolean hasEncodedSlash(byte[] path) {
        for (int i = 0; i < path.length; i++) {
            if (isEncodedSlash(path, i, path.length)) {
                return true;
            }
        }
        return false;
    }

    private static int decode(byte[] b, int from, int to, byte[] out) throws PathRefused {
        int length = 0;
        for (int i = from; i < to; i++) {
            byte c = b[i];
            if (c == '\\') {
                throw new PathRefused("a backslash");
            }
            if (c != '%') {
                out[length++] = c;
                continue;
            }
            int octet = octet(b, i, to);
            if (octet < 0) {
                throw new PathRefused("a % without two hexadecimal digits");
            }
            if (octet < 0x20 || octet == 0x7f) {
                throw new PathRefused("an encoded control character");
            }
            if (isOverlong(octet, octet(b, i + 3, to))) {
                throw new PathRefused("UTF-8 that takes more bytes than it needs");
            }
            i += 2;
            if (UNRESERVED[octet]) {
                out[length++] = (byte) octet;
            } else {
                out[length++] = '%';
                out[length++] = HEX[octet >> 4];
                out[length++] = HEX[octet & 0xf];
            }
        }
        return length;
    }

    /** What is encoded at {@code i}, or -1 where nothing is. */
    private static int octet(byte[] b, int i, int to) {
        if (to - i < 3 || b[i] != '%') {
            return -1;
        }
        int high = Character.digit(b[i + 1], 16);
        int low = Character.digit(b[i + 2], 16);
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    /** https://datatracker.ietf.org/doc/html/rfc3629#section-3: what fits in fewer bytes must be in fewer. */
    private static boolean isOverlong(int first, int second) {
        return switch (first) {
            case 0xc0, 0xc1 -> second >= 0x80 && second < 0xc0;
            case 0xe0 -> second >= 0x80 && second < 0xa0;
            case 0xf0 -> second >= 0x80 && second < 0x90;
            default -> false;
        };
    }

    /** Resolves dot segments and merges slashes in place; returns how long the path is then. */
    private static int resolve(byte[] path, int length, Slashes slashes) throws PathRefused {
        int done = 0;
        int next;
        for (int from = 1; from <= length; from = next + 1) {
            next = from;
            while (next < length && path[next] != '/') {
                next++;
            }
            boolean last = next == length;
            int dots = dots(path, from, next);
            if (dots == 2) {
                done = parent(path, done);
            }
            boolean drop = dots > 0 || (from == next && slashes == Slashes.MERGE);
            if (!drop) {
                path[done++] = '/';
                System.arraycopy(path, from, path, done, next - from);
                done += next - from;
            } else if (last) {
                path[done++] = '/';
            }
        }
        return done;
    }

    private static int parent(byte[] path, int done) throws PathRefused {
        int end = done;
        while (end > 0 && path[end - 1] == '/') {
            end--;
        }
        if (end == 0) {
            throw new PathRefused("a .. that leads above the root");
        }
        while (path[end - 1] != '/') {
            end--;
        }
        return end - 1;
    }

    /** 1 for {@code .}, 2 for {@code ..}, 0 for every other segment that may be. */
    private static int dots(byte[] path, int from, int to) throws PathRefused {
        boolean whole = true;
        for (int part = from; part <= to; part++) {
            int end = part;
            while (end < to && !isEncodedSlash(path, end, to)) {
                end++;
            }
            whole &= end == to;
            int dots = 0;
            while (dots < 3 && part + dots < end && path[part + dots] == '.') {
                dots++;
            }
            if (dots == 1 || dots == 2) {
                int after = part + dots;
                if (after == end && whole) {
                    return dots;
                }
                if (after == end) {
                    throw new PathRefused("a dot segment at an encoded slash");
                }
                if (path[after] == ';' || octet(path, after, end) == ';') {
                    throw new PathRefused("a dot segment with a parameter");
                }
            }
            part = end + 2;
        }
        return 0;
    }

    private static boolean isEncodedSlash(byte[] path, int i, int to) {
        int octet = octet(path, i, to);
        return octet == '/' || octet == '\\';
    }
}
