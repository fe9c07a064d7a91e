package dev.postern.config;

import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * One kind of value: how its text becomes a type, once.
 *
 * @param expected what a message says was wanted: {@code a duration such as 30s}
 * @param spelling what else is known of such texts
 */
public record Scalar<T>(String expected, Placed<T> placed, Spelling<T> spelling) {

    @FunctionalInterface
    public interface Parsing<T> {
        T parse(String text) throws NotUnderstood;
    }

    /** One that depends on where the text stands. */
    @FunctionalInterface
    public interface Placed<T> {
        /** @param folder of the file in which the text stands */
        T parse(String text, Path folder) throws NotUnderstood;
    }

    public Scalar(String expected, Parsing<T> parsing) {
        this(expected, (text, folder) -> parsing.parse(text));
    }

    public Scalar(String expected, Placed<T> placed) {
        this(expected, placed, Spelling.any());
    }

    /** The same, of whose texts more is known. */
    public Scalar<T> spelled(Spelling<T> other) {
        return new Scalar<>(expected, placed, other);
    }

    /** One of this form, as its text alone. */
    public static Scalar<String> matching(String form, String expected, String otherwise) {
        Pattern pattern = Pattern.compile(form);
        return new Scalar<String>(expected, text -> {
                    if (!pattern.matcher(text).matches()) {
                        throw new NotUnderstood(otherwise);
                    }
                    return text;
                })
                .spelled(Spelling.form(form, text -> text));
    }

    /** The same, or a word. */
    public <U> Scalar<U> or(String word, U meaning, Function<T, U> made, Function<U, T> madeOf) {
        return new Scalar<>(
                word + " or " + expected,
                (text, folder) -> text.equals(word) ? meaning : made.apply(placed.parse(text, folder)),
                spelling.or(word, meaning, madeOf));
    }

    /** Of a kind that is the same wherever it stands. */
    public T parse(String text) throws NotUnderstood {
        return placed.parse(text, Path.of(""));
    }

    public static final Scalar<Boolean> BOOLEAN = oneOf(Map.of("true", true, "false", false), "true or false");

    /** One of a few words. */
    public static <T> Scalar<T> oneOf(Collection<T> values, Function<T, String> text) {
        Map<String, T> byText = new LinkedHashMap<>();
        values.forEach(value -> byText.put(text.apply(value), value));
        return oneOf(byText, Words.or(byText.keySet()));
    }

    public static <T> Scalar<T> oneOf(Map<String, T> byText, String expected) {
        return new Scalar<T>(expected, text -> {
                    T value = byText.get(text);
                    if (value == null) {
                        throw new NotUnderstood("");
                    }
                    return value;
                })
                .spelled(Spelling.words(byText, expected));
    }

    /** The same text, which nobody is to see but whom it is for. */
    public static Scalar<Secret> secret(Scalar<String> kind) {
        return new Scalar<>(
                kind.expected(), (text, folder) -> new Secret(kind.placed().parse(text, folder)));
    }

    public static Scalar<Integer> wholeNumber(int from, int to) {
        return new Scalar<Integer>("a whole number from " + from + " to " + to, text -> {
                    if (!text.matches("-?[0-9]{1,18}")) {
                        throw new NotUnderstood("is not a whole number");
                    }
                    long number = Long.parseLong(text);
                    if (number < from || number > to) {
                        throw new NotUnderstood("");
                    }
                    return (int) number;
                })
                .spelled(Spelling.numbers(from, to));
    }
}
