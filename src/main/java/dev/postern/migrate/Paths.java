package dev.postern.migrate;

import java.util.List;

/** Which paths a route may have; whoever reads the result has the rule in full. */
public final class Paths {
    private static final String MARKS = "._~!$&'()*+,=:@/-";

    private Paths() {}

    public static boolean isGood(String text) {
        return text.startsWith("/")
                && !text.contains("//")
                && !text.endsWith("*")
                && List.of(text.split("/", -1)).stream()
                        .noneMatch(segment -> segment.equals(".") || segment.equals(".."))
                && text.chars().allMatch(Paths::isPlain);
    }

    /** The same with a query. */
    public static boolean isGoodWithQuery(String text) {
        int query = text.indexOf('?');
        return isGood(query < 0 ? text : text.substring(0, query))
                && (query < 0 || text.chars().skip(query + 1L).allMatch(c -> isPlain(c) || c == '?'));
    }

    /** Whether a character may stand anywhere in a URI as it is. */
    public static boolean isPlain(int c) {
        return (c < 0x80 && Character.isLetterOrDigit(c)) || MARKS.indexOf(c) >= 0;
    }

    /** Whether all that has the path {@code longer} is taken by a route for {@code path} as well: by whole segments. */
    public static boolean covers(String path, String longer) {
        return longer.equals(path)
                || (longer.startsWith(path) && (path.endsWith("/") || longer.charAt(path.length()) == '/'));
    }
}
