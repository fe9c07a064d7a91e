package dev.postern.config;

/**
 * Text from somebody else (a CA, a hook, a client of the control socket) on its way to an operator's terminal or log: what a
 * terminal obeys, what begins a line of its own, and what turns the direction of what follows is shown by its number.
 */
public final class PlainText {
    private PlainText() {}

    /** On one line: white space of any kind is one blank, and none at the ends. */
    public static String line(String text) {
        StringBuilder line = new StringBuilder(text.length());
        boolean blank = false;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (isBlank(c)) {
                blank = !line.isEmpty();
                continue;
            }
            if (blank) {
                line.append(' ');
                blank = false;
            }
            append(line, c);
        }
        return line.toString();
    }

    /** Its lines and tabs stay; all else as in {@link #line}. The same text where there is nothing to hide, which is mostly. */
    public static String lines(String text) {
        int clean = 0;
        while (clean < text.length() && isPlainLines(text.charAt(clean))) {
            clean++;
        }
        if (clean == text.length()) {
            return text;
        }
        StringBuilder lines = new StringBuilder(text.length() + 16).append(text, 0, clean);
        for (int i = clean; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            if (c == '\n' || c == '\t') {
                lines.append((char) c);
            } else {
                append(lines, c);
            }
        }
        return lines.toString();
    }

    private static boolean isPlainLines(char c) {
        return c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f);
    }

    private static boolean isBlank(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    private static void append(StringBuilder to, int c) {
        if (isInvisible(c)) {
            for (char half : Character.toChars(c)) {
                to.append(String.format("\\u%04x", (int) half));
            }
        } else {
            to.appendCodePoint(c);
        }
    }

    /** Controls, C1 (an 8-bit terminal obeys them) among them, separators of lines, format characters, halves of pairs. */
    public static boolean isInvisible(int c) {
        return Character.isISOControl(c)
                || switch (Character.getType(c)) {
                    case Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR,
                            Character.FORMAT,
                            Character.SURROGATE -> true;
                    default -> false;
                };
    }
}
