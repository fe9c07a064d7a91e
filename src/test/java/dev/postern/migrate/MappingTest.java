package dev.postern.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class MappingTest {
    private static Object read(Mapping mapping) {
        return new Load(LoadSettings.builder().build()).loadFromString(mapping.text());
    }

    // ${ is a matter of whoever reads it: $${ stands for it.
    @Property
    void whateverIsPutInReadsBack(@ForAll String key, @ForAll String value, @ForAll List<String> values) {
        if (key.contains("${")
                || value.contains("${")
                || values.toString().contains("${")
                || isHalf(key + value + values)) {
            return;
        }
        Mapping mapping = new Mapping();
        mapping.remark(value).section("in").put("k" + key, "v" + value);
        mapping.item("list")
                .remark(key)
                .put("l", values.stream().map(one -> "x" + one).toList());

        assertThat(read(mapping))
                .isEqualTo(Map.of(
                        "in",
                        Map.of("k" + key, "v" + value),
                        "list",
                        List.of(Map.of(
                                "l", values.stream().map(one -> "x" + one).toList()))));
    }

    /** A half of a pair is no character, and no file has any. */
    private static boolean isHalf(String text) {
        return text.codePoints().anyMatch(c -> c >= 0xd800 && c <= 0xdfff);
    }

    @Example
    void whatAReaderTakesForAVariableIsWrittenAsText() {
        assertThat(new Mapping().put("a", "${HOME} $5").text()).isEqualTo("a: \"$${HOME} $5\"\n");
    }

    @Example
    void commentsStandBeforeTheItemTheyBelongTo() {
        Mapping mapping = new Mapping();
        mapping.item("sites").note(new Note("f:1", "a\nb", "why", "then"));
        mapping.item("sites")
                .remark("one")
                .put("a", "1")
                .remark("two")
                .section("b")
                .put("c", "2");
        mapping.section("empty").remark("three");

        assertThat(mapping.text()).isEqualTo("""
                sites:
                  # f:1: a b
                  #   why; then
                  # one
                  - a: 1
                    # two
                    b:
                      c: 2

                # three
                """);
    }
}
