package dev.postern.config.describe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.config.read.ConfigurationProblems;
import dev.postern.config.read.Surroundings;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Whether what is shown of a configuration is that configuration. */
public final class Shown {
    private Shown() {}

    /** As YAML and as JSON, with its defaults and without. */
    public static void isTheSame(String text, Surroundings surroundings) throws ConfigurationProblems {
        Configuration configuration = ConfigurationFile.parse("postern.yaml", text, surroundings);
        for (boolean withDefaults : new boolean[] {false, true}) {
            ConfigurationText shown = ConfigurationText.of(text, surroundings, withDefaults);
            Map<String, String> environment = new HashMap<>(surroundings.environment());
            environment.putAll(shown.secrets());
            Surroundings knowing = new Surroundings(environment, surroundings.installation());
            for (String form : Stream.of(shown.yaml(), shown.json()).toList()) {
                try {
                    assertThat(ConfigurationFile.parse("shown.yaml", form, knowing))
                            .as(form)
                            .isEqualTo(configuration);
                } catch (ConfigurationProblems e) {
                    throw new AssertionError(String.join("\n", e.lines()) + "\n" + form, e);
                }
                assertThat(Editor.marks(form)).as(form).isEmpty();
                shown.secrets().values().stream()
                        .filter(secret -> secret.length() > 20)
                        .forEach(secret -> assertThat(form).doesNotContain(secret));
            }
        }
    }
}
