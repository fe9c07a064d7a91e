package dev.postern.migrate.caddy;

import dev.postern.migrate.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** A directive, or the head of a block of them. */
final class Directive implements Line {
    private static final Set<String> SECRET = Set.of("authorization", "cookie", "x-api-key");

    private final Source source;
    private final int line;
    private final List<String> words;
    private final boolean isBlock;
    private final List<Directive> own = new ArrayList<>();
    /** Whether it says who somebody is. */
    private boolean isSecret;

    Directive(Source source, int line, List<String> words, boolean isBlock) {
        this.source = source;
        this.line = line;
        this.words = List.copyOf(words);
        this.isBlock = isBlock;
    }

    @Override
    public String file() {
        return source.name();
    }

    @Override
    public int line() {
        return line;
    }

    /** As it stands in the file, with the names of variables, and without passwords. */
    @Override
    public String text() {
        boolean hasSecret = isSecret
                || (is("dns") && words.size() > 2)
                || words.stream()
                        .anyMatch(word ->
                                SECRET.contains(word.replaceFirst("^[+>?-]", "").toLowerCase(Locale.ROOT)));
        String written =
                line <= source.lines().size() ? source.lines().get(line - 1).strip() : String.join(" ", words);
        if (!hasSecret) {
            return written;
        }
        int shown = isSecret ? 1 : 2;
        return String.join(" ", words.subList(0, Math.min(shown, words.size()))) + " …";
    }

    void keepSecret() {
        isSecret = true;
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

    Source source() {
        return source;
    }

    List<Directive> own() {
        return own;
    }

    Stream<Directive> own(String name) {
        return own.stream().filter(one -> one.is(name));
    }

    Optional<Directive> first(String name) {
        return own(name).findFirst();
    }

    /** It and all that is inside of it. */
    Stream<Directive> all() {
        return Stream.concat(Stream.of(this), own.stream().flatMap(Directive::all));
    }
}
