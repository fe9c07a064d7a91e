package dev.postern.migrate;

import dev.postern.config.PlainText;
import java.util.List;

/**
 * A line of the other program's configuration that could not be carried over, or not wholly.
 *
 * @param where file and line
 * @param original what stands there
 * @param why it could not
 * @param then what the operator can do; empty where there is nothing to do
 */
public record Note(String where, String original, String why, String then) {
    // More than anybody writes by hand; a line without an end must not become a comment without one.
    private static final int SHOWN = 400;

    List<String> lines() {
        String plain = PlainText.line(original);
        int shown = plain.codePointCount(0, plain.length()) > SHOWN ? plain.offsetByCodePoints(0, SHOWN) : -1;
        return List.of(
                PlainText.line(where) + ": " + (shown < 0 ? plain : plain.substring(0, shown) + "…"),
                "  " + PlainText.line(why) + (then.isEmpty() ? "" : "; " + PlainText.line(then)));
    }
}
