package dev.postern.config.read;

import dev.postern.config.Quoted;
import dev.postern.config.Spelling;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hears what the readers ask of each place of a file while they read it; what can be said of the configuration is thereby said
 * once, in the readers. In ordinary reading there is none. Places are called by their paths, {@code sites[0].backend}, be they
 * there or not. Called by the thread that reads.
 */
public interface Witness {
    /** The path of {@code key} in a mapping at {@code path}, as messages have it. */
    static String inside(String path, String key) {
        String word = isWord(key) ? key : Quoted.of(key);
        return path.isEmpty() ? word : path + "." + word;
    }

    // Asked for each key of each of ten thousand sites: no regular expression.
    private static boolean isWord(String key) {
        return !key.isEmpty()
                && key.chars()
                        .allMatch(c -> (c >= 'a' && c <= 'z')
                                || (c >= 'A' && c <= 'Z')
                                || (c >= '0' && c <= '9')
                                || c == '_'
                                || c == '-');
    }

    /** Whether the file was made up to see what is asked: then no text means anything, but for words, and no file is looked at. */
    boolean isMadeUp();

    /**
     * A mapping with these keys was expected.
     *
     * @param isOne false where something else is there
     */
    void mapping(String path, List<String> keys, boolean isOne);

    /** A mapping was expected whose keys are names of the operator's. */
    void names(String path);

    /** A list was expected; where a single text is, it counts as a list of one. */
    void list(String path, boolean mayBeOne, boolean mayBeEmpty);

    /** A text was expected. */
    void text(String path, String expected, Spelling<?> spelling);

    /** This word would have had a meaning of its own. */
    void word(String path, String word);

    /** The place was expected to be there. */
    void required(String path);

    /** What is not a mapping is the value of {@code key} in one. */
    void shortFor(String path, String key);

    /**
     * What stands where nothing is said.
     *
     * @param texts one, or those of a list
     */
    void otherwise(String path, List<String> texts, boolean isList);

    /**
     * A text was understood.
     *
     * @param text one way to write it that means the same wherever the file is
     * @param written as it is in the file, with names of the environment
     */
    void understood(String path, String text, String written, boolean isSecret);

    /** All was understood: what is in the file, with others that it includes and what the environment says: mappings, lists and texts. */
    void whole(@Nullable Object document);
}
