package dev.postern.migrate.caddy;

/**
 * @param text without quotes and escapes
 * @param isQuoted whether it is a text whatever is in it
 * @param line counted from 1
 * @param begins whether it is the first one on its line
 * @param source the file it stands in
 */
record Token(String text, boolean isQuoted, int line, boolean begins, Source source) {
    /** The same with another text, or at another place of a line. */
    Token with(String other, boolean first) {
        return new Token(other, isQuoted, line, first, source);
    }

    boolean is(String mark) {
        return !isQuoted && text.equals(mark);
    }
}
