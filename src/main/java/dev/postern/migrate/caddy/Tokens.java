package dev.postern.migrate.caddy;

import dev.postern.config.NotUnderstood;
import java.util.ArrayList;
import java.util.List;

/**
 * The words of a Caddyfile as Caddy cuts them (Caddy's documentation, "Caddyfile Concepts", Tokens and quotes): white space between
 * them; {@code #} begins a comment where a word could begin; {@code "…"} with {@code \"} for a quote in it and <code>`…`</code> as it
 * is; {@code <<NAME} and lines up to one that says {@code NAME}; a backslash at the end of a line goes on in the next one.
 */
final class Tokens {
    private static final String SPACES = " \t\r\n";

    private final String text;
    private final Source source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private boolean isFirst = true;

    private Tokens(String text, Source source) {
        this.text = text;
        this.source = source;
    }

    /** @throws NotUnderstood where Caddy would not take it either; its text begins with the line and a colon */
    static List<Token> of(String text, Source source) throws NotUnderstood {
        Tokens tokens = new Tokens(text, source);
        tokens.cut();
        return tokens.tokens;
    }

    private char take() {
        char c = text.charAt(at++);
        if (c == '\n') {
            line++;
        }
        return c;
    }

    private void cut() throws NotUnderstood {
        if (text.startsWith("\ufeff")) {
            at++;
        }
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == 0) {
                throw new NotUnderstood(line + ": has a NUL character");
            } else if (SPACES.indexOf(c) >= 0) {
                isFirst |= take() == '\n';
            } else if (isContinued()) {
                at += text.startsWith("\r", at + 1) ? 2 : 1;
                take();
            } else if (c == '#') {
                while (at < text.length() && text.charAt(at) != '\n') {
                    at++;
                }
            } else if (c == '"' || c == '`') {
                quoted(c);
            } else if (text.startsWith("<<", at) && isHeredoc()) {
                heredoc();
            } else {
                word();
            }
        }
    }

    private boolean isContinued() {
        return text.startsWith("\\\n", at) || text.startsWith("\\\r\n", at);
    }

    private void add(String word, boolean isQuoted, int first) {
        tokens.add(new Token(word, isQuoted, first, isFirst, source));
        isFirst = false;
    }

    private void quoted(char quote) throws NotUnderstood {
        int first = line;
        take();
        StringBuilder word = new StringBuilder();
        while (true) {
            if (at >= text.length()) {
                throw new NotUnderstood(first + ": has a quote that is not closed");
            }
            char c = take();
            if (c == quote) {
                break;
            }
            if (c == '\\' && quote == '"' && at < text.length() && text.charAt(at) == '"') {
                word.append(take());
            } else {
                word.append(c);
            }
        }
        add(word.toString(), true, first);
    }

    private boolean isHeredoc() {
        int to = at + 2;
        while (to < text.length()
                && (Character.isLetterOrDigit(text.charAt(to)) || "_-".indexOf(text.charAt(to)) >= 0)) {
            to++;
        }
        return to > at + 2 && (text.startsWith("\n", to) || text.startsWith("\r\n", to));
    }

    /** The white space in front of the last line goes from all of them. */
    private void heredoc() throws NotUnderstood {
        int first = line;
        int end = text.indexOf('\n', at);
        String marker = text.substring(at + 2, end).strip();
        at = end;
        take();
        List<String> lines = new ArrayList<>();
        while (true) {
            if (at >= text.length()) {
                throw new NotUnderstood(first + ": has <<" + marker + " without an end");
            }
            int to = text.indexOf('\n', at) < 0 ? text.length() : text.indexOf('\n', at);
            String one = text.substring(at, to);
            String bare = one.stripLeading();
            if (bare.equals(marker)
                    || bare.startsWith(marker + " ")
                    || bare.strip().equals(marker)) {
                String indent = one.substring(0, one.length() - bare.length());
                at += indent.length() + marker.length();
                StringBuilder word = new StringBuilder();
                for (String each : lines) {
                    word.append(word.length() == 0 ? "" : "\n")
                            .append(each.startsWith(indent) ? each.substring(indent.length()) : each.stripLeading());
                }
                add(word.toString(), true, first);
                return;
            }
            lines.add(one.endsWith("\r") ? one.substring(0, one.length() - 1) : one);
            at = to;
            if (at < text.length()) {
                take();
            }
        }
    }

    private void word() {
        int first = line;
        StringBuilder word = new StringBuilder();
        while (at < text.length() && SPACES.indexOf(text.charAt(at)) < 0 && !isContinued() && text.charAt(at) != 0) {
            word.append(take());
        }
        String plain = word.toString();
        add(plain.startsWith("\\<<") ? plain.substring(1) : plain, false, first);
    }
}
