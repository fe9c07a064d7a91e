package dev.postern.config;

import java.util.Collection;
import java.util.List;

/** Lists of words in a sentence. */
public final class Words {
    private Words() {}

    /** {@code a}, {@code a or b}, {@code a, b or c}. */
    public static String or(Collection<String> words) {
        List<String> list = List.copyOf(words);
        int last = list.size() - 1;
        return last < 1 ? String.join("", list) : String.join(", ", list.subList(0, last)) + " or " + list.get(last);
    }
}
