package dev.postern.migrate.nginx;

import dev.postern.config.NotUnderstood;
import java.util.ArrayList;
import java.util.List;

/**
 * The words of a configuration as nginx cuts them: white space between them; <code>;</code> and <code>{</code> end a word, <code>}</code> and
 * {@code #} are marks only where one could begin; a quote that begins a word ends with it; a backslash takes the next character as
 * it is, and stays in front of all but quotes, backslashes and the letters of white space; <code>${</code> opens no block.
 */
final class Tokens {
    private static final String SPACES = " \t\r\n";

    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;

    private Tokens(String text) {
        this.text = text;
    }

    /** @throws NotUnderstood where nginx would not take it either; its text begins with the line and a colon */
    static List<Token> of(String text) throws NotUnderstood {
        Tokens tokens = new Tokens(text);
        tokens.cut();
        return List.copyOf(tokens.tokens);
    }

    private char take() {
        char c = text.charAt(at++);
        if (c == '\n') {
            line++;
        }
        return c;
    }

    private void cut() throws NotUnderstood {
        while (at < text.length()) {
            int from = at;
            char c = take();
            if (c == 0) {
                throw new NotUnderstood(line + ": has a NUL character");
            } else if (c == '#') {
                while (at < text.length() && text.charAt(at) != '\n') {
                    at++;
                }
            } else if (c == ';') {
                tokens.add(new Token(Token.Kind.END, ";", line, from, at));
            } else if (c == '{') {
                tokens.add(new Token(Token.Kind.OPEN, "{", line, from, at));
                program();
            } else if (c == '}') {
                tokens.add(new Token(Token.Kind.CLOSE, "}", line, from, at));
            } else if (c == '"' || c == '\'') {
                quoted(c, from);
            } else if (SPACES.indexOf(c) < 0) {
                at = from;
                word(from);
            }
        }
    }

    private void quoted(char quote, int from) throws NotUnderstood {
        int first = line;
        StringBuilder word = new StringBuilder();
        while (true) {
            if (at >= text.length()) {
                throw new NotUnderstood(first + ": has a quote that is not closed");
            }
            char c = take();
            if (c == quote) {
                break;
            }
            if (c == '\\' && at < text.length()) {
                escaped(word);
            } else {
                word.append(c);
            }
        }
        if (at < text.length() && (SPACES + ";{)").indexOf(text.charAt(at)) < 0) {
            throw new NotUnderstood(line + ": has something right behind a quote");
        }
        tokens.add(new Token(Token.Kind.WORD, word.toString(), first, from, at));
    }

    private void word(int from) {
        int first = line;
        StringBuilder word = new StringBuilder();
        boolean isVariable = false;
        while (at < text.length()) {
            char c = text.charAt(at);
            boolean isBrace = c == '{' && isVariable;
            if (!isBrace && (SPACES.indexOf(c) >= 0 || c == ';' || c == '{')) {
                break;
            }
            take();
            if (c == '\\' && at < text.length()) {
                escaped(word);
            } else {
                word.append(c);
            }
            isVariable = c == '$';
        }
        tokens.add(new Token(Token.Kind.WORD, word.toString(), first, from, at));
    }

    private void escaped(StringBuilder word) {
        char c = take();
        switch (c) {
            case '"', '\'', '\\' -> word.append(c);
            case 't' -> word.append('\t');
            case 'r' -> word.append('\r');
            case 'n' -> word.append('\n');
            default -> word.append('\\').append(c);
        }
    }

    /** What stands in {@code …_by_lua_block} is a program in another language: braces that pair, and nothing else. */
    private void program() {
        int count = tokens.size();
        if (count < 2 || !tokens.get(count - 2).text().endsWith("_by_lua_block")) {
            return;
        }
        int depth = 1;
        while (at < text.length() && depth > 0) {
            int from = at;
            char c = take();
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth == 0) {
                tokens.add(new Token(Token.Kind.CLOSE, "}", line, from, at));
            }
        }
    }
}
