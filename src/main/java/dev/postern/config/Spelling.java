package dev.postern.config;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How the texts of a kind are written: for whoever describes the configuration, or writes one anew. A text is one of the words,
 * or a whole number, or of the form.
 *
 * @param words each stands for something by itself, such as {@code off}
 * @param numbers null: none
 * @param form a regular expression, of JavaScript as well, for the whole text; {@link #ANY} where more cannot be said, null where
 *     there is nothing but words and numbers
 * @param isFile whether it is a path, and relative to the folder of the file that it stands in
 * @param text how a value is written; null where only the text that it was made of says that
 */
public record Spelling<T>(
        List<String> words,
        @Nullable Numbers numbers,
        @Nullable String form,
        boolean isFile,
        Function<T, @Nullable String> text) {
    public static final String ANY = "";

    /** From one to the other, both included. */
    public record Numbers(int from, int to) {}

    /** Nothing is known of it but its text. */
    public static <T> Spelling<T> any() {
        return form(ANY, value -> value instanceof String text ? text : null);
    }

    public static <T> Spelling<T> form(String form, Function<T, @Nullable String> text) {
        return new Spelling<>(List.of(), null, form, false, text);
    }

    public static <T> Spelling<T> file() {
        return new Spelling<>(List.of(), null, ANY, true, value -> null);
    }

    static Spelling<Integer> numbers(int from, int to) {
        return new Spelling<>(List.of(), new Numbers(from, to), null, false, String::valueOf);
    }

    /** In the order in which a message lists them. */
    static <T> Spelling<T> words(Map<String, T> byText, String message) {
        List<String> words = byText.keySet().stream()
                .sorted(Comparator.comparingInt(message::indexOf))
                .toList();
        return new Spelling<>(
                words,
                null,
                null,
                false,
                value -> byText.entrySet().stream()
                        .filter(entry -> entry.getValue().equals(value))
                        .map(Map.Entry::getKey)
                        .findFirst()
                        .orElse(null));
    }

    /** With a word besides, for values of another type maybe. */
    public <U> Spelling<U> or(String word, U meaning, Function<U, T> other) {
        return new Spelling<>(
                Stream.concat(words.stream(), Stream.of(word)).toList(),
                numbers,
                form,
                isFile,
                value -> value.equals(meaning) ? word : text.apply(other.apply(value)));
    }

    public Spelling<T> or(String word, T meaning) {
        return or(word, meaning, Function.identity());
    }

    /** Whether every text that is understood is one of the words. */
    public boolean isClosed() {
        return numbers == null && form == null;
    }
}
