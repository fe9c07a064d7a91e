package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.RealPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The alerts of {@code config/prometheus}, as Prometheus reads them. */
class PrometheusRulesTest {
    private static final Path RULES = Path.of("config/prometheus/rules.yaml");
    private static final Path TESTS = RULES.resolveSibling("rules-test.yaml");
    private static final long PATIENCE_SECONDS = 60;

    @TempDir
    Path directory;

    @Test
    void rulesAreRead() throws Exception {
        assertThat(promtool("check", "rules", RULES.toString())).contains("SUCCESS");
    }

    @Test
    void alertsFireWhenTheyShould() throws Exception {
        assertThat(promtool("test", "rules", TESTS.toString())).contains("SUCCESS");
    }

    @Test
    void everyAlertIsTestedAndSaysWhatAnOperatorNeeds() throws IOException {
        String rules = Files.readString(RULES);
        Set<String> alerts = DocumentedFieldsTest.found("- alert: (\\w+)", rules);

        assertThat(alerts)
                .isNotEmpty()
                .isEqualTo(DocumentedFieldsTest.found("alertname: (\\w+)", Files.readString(TESTS)));
        for (String alert : alerts) {
            String rule = rules.split("- alert: " + alert + "\n", 2)[1].split("- alert: ", 2)[0];
            assertThat(rule)
                    .as(alert)
                    .containsPattern("\n +for: \\d+[mh]\n")
                    .containsPattern("severity: (?:critical|warning) ")
                    .containsPattern("summary: \".+\"")
                    .containsPattern("description: \".+\"");
        }
    }

    /** A rule of a metric that is not there never fires, and nothing says so: neither do rules of a counter without its ending. */
    @Test
    void everyMetricOfARuleIsThere() throws IOException {
        Set<String> named = new TreeSet<>();
        DocumentedFieldsTest.found("(postern_[a-z0-9_]+)", Files.readString(RULES))
                .forEach(name -> named.add(name.replaceFirst("_(?:bucket|sum|count)$", "")));
        Set<String> documented =
                DocumentedFieldsTest.found("`(postern_[a-z0-9_]+)`", Files.readString(Path.of("docs/metrics.md")));

        assertThat(named).isNotEmpty();
        assertThat(documented).containsAll(named);
        assertThat(DocumentedFieldsTest.metrics())
                .containsAll(named.stream()
                        .map(name -> name.replaceFirst("_total$", ""))
                        .toList());
    }

    /** What it says; fails with that where it does not succeed. */
    private String promtool(String... arguments) throws Exception {
        Path said = directory.resolve("said");
        ProcessBuilder command = new ProcessBuilder(
                        RealPrograms.require("promtool", "prometheus").toString())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        command.command().addAll(List.of(arguments));
        Process process = command.start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("promtool ends")
                    .isTrue();
            assertThat(process.exitValue()).as(Files.readString(said)).isZero();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(said);
    }
}
