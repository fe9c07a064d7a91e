package dev.postern.migrate.haproxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.config.NotUnderstood;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordsTest {
    private static List<String> words(String line) throws NotUnderstood {
        return Words.of(line, Map.of("A", "one two", "B", "")).words();
    }

    @Test
    void lineIsCutAsHaproxyCutsIt() throws NotUnderstood {
        assertThat(words("  bind\t:80   # all")).containsExactly("bind", ":80");
        assertThat(words("a b#c")).containsExactly("a", "b");
        assertThat(words("a\\ b c\\#d e\\\\f")).containsExactly("a b", "c#d", "e\\f");
        assertThat(words("\"a b\"'c \"d'")).containsExactly("a bc \"d");
        assertThat(words("a '' \"\"")).containsExactly("a", "", "");
        assertThat(words("x\\r\\n\\t\\x41")).containsExactly("x\r\n\tA");
        assertThat(words("'\\n' \\d")).containsExactly("\\n", "\\d");
    }

    @Test
    void variablesStandForTheirValuesInDoubleQuotesOnly() throws NotUnderstood {
        assertThat(words("\"$A\" \"${A}x\" $A '$A' \"\\$A\"")).containsExactly("one two", "one twox", "$A", "$A", "$A");
        assertThat(words("\"${NONE-else}\" \"$NONE\" \"${B-else}\" \"$ 5\"")).containsExactly("else", "", "", "$ 5");
        assertThat(Words.of("\"$A\"", Map.of()).fromEnvironment()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a \"b", "a 'b", "\"${A\"", "\\x4", "\\xzz", "a\0b"})
    void whatHaproxyRefusesIsRefused(String line) {
        assertThatThrownBy(() -> words(line)).isInstanceOf(NotUnderstood.class);
    }
}
