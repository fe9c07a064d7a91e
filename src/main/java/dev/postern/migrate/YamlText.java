package dev.postern.migrate;

import dev.postern.config.PlainText;

/** Texts as YAML reads them back, whatever characters they have. */
final class YamlText {
    private YamlText() {}

    /** As it is where YAML takes it for a text and nothing else, otherwise in quotes. */
    static String of(String text) {
        if (isPlain(text)) {
            return text;
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            switch (c) {
                case '"' -> quoted.append("\\\"");
                case '\\' -> quoted.append("\\\\");
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                // ${ begins the name of a variable of the environment, $${ is the text.
                case '$' -> quoted.append(text.startsWith("{", i) ? "$$" : "$");
                default -> {
                    if (c < 0x20 || (c >= 0x7f && c <= 0xff)) {
                        quoted.append(String.format("\\x%02x", c));
                    } else if (PlainText.isInvisible(c)) {
                        quoted.append(String.format("\\U%08x", c));
                    } else {
                        quoted.appendCodePoint(c);
                    }
                }
            }
        }
        return quoted.append('"').toString();
    }

    private static boolean isPlain(String text) {
        if (text.isEmpty() || text.equals("null") || !isPlainFirst(text.charAt(0)) || text.endsWith(":")) {
            return false;
        }
        return text.chars().allMatch(c -> isPlainFirst((char) c) || "._:%+-".indexOf(c) >= 0);
    }

    private static boolean isPlainFirst(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/';
    }
}
