package dev.postern.migrate.haproxy;

import dev.postern.migrate.Line;
import java.util.List;

/** One line of the file, comments aside. */
final class Statement implements Line {
    private final int line;
    private final String text;
    private final List<String> words;
    private final boolean fromEnvironment;

    /** @param line counted from 1 */
    Statement(int line, String text, List<String> words, boolean fromEnvironment) {
        this.line = line;
        this.text = text;
        this.words = words;
        this.fromEnvironment = fromEnvironment;
    }

    @Override
    public int line() {
        return line;
    }

    /** As it stands in the file, but for passwords. */
    @Override
    public String text() {
        int secret = Math.max(words.indexOf("password"), words.indexOf("insecure-password"));
        boolean isAuth = begins("stats", "auth") || begins("setenv") || begins("presetenv");
        if (secret >= 0 || isAuth) {
            return String.join(" ", words.subList(0, isAuth ? 2 : secret + 1)) + " …";
        }
        return text;
    }

    List<String> words() {
        return words;
    }

    boolean isFromEnvironment() {
        return fromEnvironment;
    }

    /** Empty where there are not so many. */
    String word(int index) {
        return index < words.size() ? words.get(index) : "";
    }

    /** What follows so many words. */
    List<String> after(int count) {
        return words.subList(Math.min(count, words.size()), words.size());
    }

    boolean begins(String... with) {
        return words.size() >= with.length && words.subList(0, with.length).equals(List.of(with));
    }

    /** What stands behind this word; empty where it does not occur, or nothing follows. */
    String valueOf(String key) {
        int at = words.indexOf(key);
        return at < 0 ? "" : word(at + 1);
    }
}
