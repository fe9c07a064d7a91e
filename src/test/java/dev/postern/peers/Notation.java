package dev.postern.peers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bytes as the files of cases have them: lines whose ends mean nothing, in which {@code \r \n \t \0 \s \\ \xHH} stand for one
 * byte ({@code \s} for a space at the end of a line) and {@code \{70000*a}} for as many times that text.
 */
final class Notation {
    private static final Pattern MANY = Pattern.compile("\\\\\\{(\\d+)\\*([^}]*)}");
    private static final Pattern ONE = Pattern.compile("\\\\(?:x([0-9a-fA-F]{2})|(.))");

    private Notation() {}

    static byte[] bytes(String text) {
        return unescaped(text.replace("\n", "")).getBytes(ISO_8859_1);
    }

    static String unescaped(String text) {
        String all = MANY.matcher(text)
                .replaceAll(many -> Matcher.quoteReplacement(many.group(2).repeat(Integer.parseInt(many.group(1)))));
        return ONE.matcher(all)
                .replaceAll(one -> Matcher.quoteReplacement(Character.toString(
                        one.group(1) == null ? single(one.group(2).charAt(0)) : Integer.parseInt(one.group(1), 16))));
    }

    private static char single(char letter) {
        return switch (letter) {
            case 'r' -> '\r';
            case 'n' -> '\n';
            case 't' -> '\t';
            case '0' -> '\0';
            case 's' -> ' ';
            case '\\', '{' -> letter;
            default -> throw new IllegalArgumentException("unknown escape: \"\\" + letter + '"');
        };
    }

    /** Something short and printable that stands for these bytes and, most likely, for no others. */
    static String printable(String text) {
        String shown = text.length() <= 80
                ? text
                : text.substring(0, 30) + "…" + text.length() + "…" + Integer.toHexString(text.hashCode());
        StringBuilder printable = new StringBuilder();
        for (int i = 0; i < shown.length(); i++) {
            char letter = shown.charAt(i);
            switch (letter) {
                case '\r' -> printable.append("\\r");
                case '\n' -> printable.append("\\n");
                case '\t' -> printable.append("\\t");
                default -> {
                    if (letter < ' ' || letter == 0x7f || (letter > 0x7f && letter != '…')) {
                        printable.append("\\x%02x".formatted((int) letter));
                    } else {
                        printable.append(letter);
                    }
                }
            }
        }
        return printable.toString();
    }
}
