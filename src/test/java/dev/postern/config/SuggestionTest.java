package dev.postern.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionTest {
    @ParameterizedTest(name = "{0} → {1}: {2}")
    @CsvSource({
        "backend, backend, 0",
        "bakend, backend, 1",
        "bakcend, backend, 1",
        "backends, backend, 1",
        "beckend, backend, 1",
        "'', key, 3",
        "kitten, sitting, 3",
    })
    void distanceCountsSlips(String typed, String known, int slips) {
        assertThat(Suggestion.distance(typed, known)).isEqualTo(slips);
    }

    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({"KEY_TYPE, key-type", "keytype, key-type", "kye-type, key-type", "emial, email"})
    void nearWordIsSuggested(String typed, String known) {
        assertThat(Suggestion.among(List.of("email", "key-type"), typed))
                .isEqualTo("; did you mean \"" + known + "\"?");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"eab", "contact", "x"})
    void farWordGetsTheList(String typed) {
        assertThat(Suggestion.among(List.of("email", "key-type"), typed)).isEqualTo(" (known: email, key-type)");
    }
}
