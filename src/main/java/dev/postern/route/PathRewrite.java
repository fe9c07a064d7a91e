package dev.postern.route;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What takes the place of a route's path in what the server is asked for. Slashes at the end of either do not count, so
 * that nothing is ever joined without one, or with two. Immutable.
 */
public final class PathRewrite {
    private static final byte[] ROOT = {'/'};

    private final int cut;
    private final byte[] prefix;

    /** @param replacement null for none: {@link #of} is then not to be asked */
    private PathRewrite(String path, String replacement) {
        this.cut = withoutSlash(path).length();
        this.prefix = withoutSlash(replacement).getBytes(StandardCharsets.ISO_8859_1);
    }

    static @Nullable PathRewrite from(String path, @Nullable String replacement) {
        return replacement == null ? null : new PathRewrite(path, replacement);
    }

    static String withoutSlash(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    /** The path, of {@code [from, to)} in its one form, that the server is asked for. */
    public byte[] of(byte[] path, int from, int to) {
        boolean empty = from == to;
        byte[] b = empty ? ROOT : path;
        int end = empty ? 1 : to;
        int start = PathRule.after(b, empty ? 0 : from, end, cut);
        int length = prefix.length + end - start;
        if (length == 0) {
            return ROOT;
        }
        byte[] rewritten = new byte[length];
        System.arraycopy(prefix, 0, rewritten, 0, prefix.length);
        System.arraycopy(b, start, rewritten, prefix.length, end - start);
        return rewritten;
    }
}
