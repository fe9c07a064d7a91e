package dev.postern.migrate.nginx;

import dev.postern.migrate.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** A directive with what is inside of it. */
final class Directive implements Line {
    private static final Set<String> SECRET = Set.of("ssl_password_file", "secure_link_secret");

    private final String file;
    private final int line;
    private final String text;
    private final List<String> words;
    private final boolean isBlock;
    /** Of a block, in its order; files that are included stand in the place of {@code include}. */
    private final List<Directive> own = new ArrayList<>();

    /** @param file empty for the one that is imported */
    Directive(String file, int line, String text, List<String> words, boolean isBlock) {
        this.file = file;
        this.line = line;
        this.text = text;
        this.words = List.copyOf(words);
        this.isBlock = isBlock;
    }

    @Override
    public String file() {
        return file;
    }

    @Override
    public int line() {
        return line;
    }

    @Override
    public String text() {
        boolean isSecret = SECRET.contains(name())
                || words.stream().anyMatch(word -> word.regionMatches(true, 0, "authorization", 0, 13));
        return isSecret ? String.join(" ", words.subList(0, Math.min(2, words.size()))) + " …" : text;
    }

    String name() {
        return words.get(0);
    }

    boolean is(String name) {
        return name().equals(name);
    }

    boolean isBlock() {
        return isBlock;
    }

    List<String> words() {
        return words;
    }

    /** Behind the name. */
    List<String> arguments() {
        return words.subList(1, words.size());
    }

    /** Empty where there are not so many; the name is the one at 0. */
    String word(int index) {
        return index < words.size() ? words.get(index) : "";
    }

    /** The text behind {@code key=}; empty where there is none. */
    String valueOf(String key) {
        return words.stream()
                .filter(word -> word.startsWith(key + "="))
                .map(word -> word.substring(key.length() + 1))
                .findFirst()
                .orElse("");
    }

    List<Directive> own() {
        return own;
    }

    Stream<Directive> own(String name) {
        return own.stream().filter(one -> one.is(name));
    }

    boolean has(String name) {
        return own(name).findAny().isPresent();
    }

    /** It and all that is inside of it. */
    Stream<Directive> all() {
        return Stream.concat(Stream.of(this), own.stream().flatMap(Directive::all));
    }
}
