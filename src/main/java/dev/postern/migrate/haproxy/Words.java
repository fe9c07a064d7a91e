package dev.postern.migrate.haproxy;

import dev.postern.config.NotUnderstood;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The words of one line, as HAProxy cuts it (its Configuration Manual, 2.2 "Quoting and escaping" and 2.3 "Environment
 * variables"): white space between them, {@code #} begins a comment, {@code '…'} is taken as it is, and in {@code "…"}
 * variables stand for their values.
 */
final class Words {
    private static final String SPACES = " \t\r\u000b\f";

    private final String line;
    private final Map<String, String> environment;
    private final List<String> words = new ArrayList<>();
    private final StringBuilder word = new StringBuilder();
    private boolean isInWord;
    private boolean hasVariables;
    private int at;

    private Words(String line, Map<String, String> environment) {
        this.line = line;
        this.environment = environment;
    }

    /** @param fromEnvironment whether some of it is */
    record Line(List<String> words, boolean fromEnvironment) {}

    /** @throws NotUnderstood where HAProxy would not take the line either */
    static Line of(String line, Map<String, String> environment) throws NotUnderstood {
        Words words = new Words(line, environment);
        words.cut();
        return new Line(List.copyOf(words.words), words.hasVariables);
    }

    private void cut() throws NotUnderstood {
        char quote = 0;
        while (at < line.length()) {
            char c = line.charAt(at++);
            if (c == 0) {
                throw new NotUnderstood("has a NUL character");
            } else if (quote == '\'') {
                quote = c == '\'' ? 0 : take(c, quote);
            } else if (c == '\\') {
                escaped(quote != 0);
            } else if (quote == '"') {
                if (c == '$' && isVariable()) {
                    variable();
                } else {
                    quote = c == '"' ? 0 : take(c, quote);
                }
            } else if (c == '"' || c == '\'') {
                quote = c;
                isInWord = true;
            } else if (c == '#') {
                break;
            } else if (SPACES.indexOf(c) >= 0) {
                end();
            } else {
                take(c, quote);
            }
        }
        if (quote != 0) {
            throw new NotUnderstood("has a quote that is not closed");
        }
        end();
    }

    private char take(char c, char quote) {
        word.append(c);
        isInWord = true;
        return quote;
    }

    private void end() {
        if (isInWord) {
            words.add(word.toString());
            word.setLength(0);
            isInWord = false;
        }
    }

    /** Of a backslash that begins nothing both characters stay, for it may belong to a regular expression. */
    private void escaped(boolean isQuoted) throws NotUnderstood {
        isInWord = true;
        char c = at < line.length() ? line.charAt(at) : 0;
        switch (c) {
            case ' ', '\\', '#', '"', '\'' -> word.append(c);
            case 'n' -> word.append('\n');
            case 'r' -> word.append('\r');
            case 't' -> word.append('\t');
            case 'x' -> {
                if (at + 2 >= line.length() || !isHex(line.charAt(at + 1)) || !isHex(line.charAt(at + 2))) {
                    throw new NotUnderstood("has a \\x without two hexadecimal digits");
                }
                word.append((char) Integer.parseInt(line.substring(at + 1, at + 3), 16));
                at += 2;
            }
            case '$' -> word.append(isQuoted ? "$" : "\\$");
            default -> {
                word.append('\\');
                return;
            }
        }
        at++;
    }

    private static boolean isHex(char c) {
        return Character.digit(c, 16) >= 0 && c < 0x80;
    }

    private static boolean isName(char c) {
        return c == '_' || (c < 0x80 && Character.isLetterOrDigit(c));
    }

    private boolean isVariable() {
        return at < line.length() && (line.charAt(at) == '{' || isName(line.charAt(at)));
    }

    /** {@code $NAME}, {@code ${NAME}} or {@code ${NAME-otherwise}}. */
    private void variable() throws NotUnderstood {
        hasVariables = true;
        isInWord = true;
        boolean inBraces = line.charAt(at) == '{';
        int from = inBraces ? at + 1 : at;
        int to = from;
        while (to < line.length() && isName(line.charAt(to))) {
            to++;
        }
        String value = environment.get(line.substring(from, to));
        at = to;
        if (inBraces) {
            int close = line.indexOf('}', to);
            if (close < 0) {
                throw new NotUnderstood("has a ${ that is not closed");
            }
            String otherwise = line.startsWith("-", to) ? line.substring(to + 1, close) : "";
            at = close + 1;
            word.append(value == null ? otherwise : value);
        } else {
            word.append(value == null ? "" : value);
        }
    }
}
