package dev.postern.config;

/** A value inside a message: in quotes, on one line, and not longer than a line bears. */
public final class Quoted {
    // Long enough for any host name's telling part; a pasted certificate must not fill the screen.
    private static final int SHOWN = 100;

    private Quoted() {}

    public static String of(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().limit(SHOWN).forEach(c -> append(quoted, c));
        if (text.codePointCount(0, text.length()) > SHOWN) {
            quoted.append('…');
        }
        return quoted.append('"').toString();
    }

    private static void append(StringBuilder quoted, int c) {
        switch (c) {
            case '\n' -> quoted.append("\\n");
            case '\r' -> quoted.append("\\r");
            case '\t' -> quoted.append("\\t");
            case '"' -> quoted.append("\\\"");
            default -> {
                quoted.append(PlainText.lines(Character.toString(c)));
            }
        }
    }
}
