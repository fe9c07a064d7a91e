package dev.postern.migrate.nginx;

/**
 * @param text without quotes and escapes; of a mark the character
 * @param line counted from 1
 * @param from where it begins in the file, and
 * @param to where it ends
 */
record Token(Kind kind, String text, int line, int from, int to) {
    enum Kind {
        WORD,
        /** <code>;</code> */
        END,
        /** <code>{</code> */
        OPEN,
        /** <code>}</code> */
        CLOSE
    }
}
