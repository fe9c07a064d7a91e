package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern config show} */
class ConfigurationShowCommandTest {
    @TempDir
    private Path directory;

    private CommandRun run(String text, String... more) throws Exception {
        Path file = Files.writeString(directory.resolve("postern.yaml"), text);
        List<String> words = new ArrayList<>(List.of("config", "show", "-c", file.toString()));
        words.addAll(List.of(more));
        return CommandRun.of(Map.of("GRACE", "120s"), words.toArray(String[]::new));
    }

    private static final String GOOD = """
            acme: { issuers: [internal] }
            grace: ${GRACE}
            sites: [{ names: [app.internal], backend: web, request-headers: { set: { X-Key: hunter2 } } }]
            backends: { web: { servers: ["127.0.0.1:8080"] } }
            """;

    @Test
    void whatIsUnderstoodIsPrinted() throws Exception {
        CommandRun run = run(GOOD);

        assertThat(run.code()).isZero();
        assertThat(run.lines())
                .startsWith(
                        "# ${REDACTED_1} is a secret, which is not shown: sites[0].request-headers.set.X-Key",
                        "acme:",
                        "  issuers:",
                        "    - internal",
                        "grace: 2m")
                .doesNotContain("timeouts:");
        assertThat(run(GOOD, "--defaults").lines()).contains("timeouts:", "  handshake: 10s");
        assertThat(run(GOOD, "--json").lines()).startsWith("{").contains("  \"grace\": \"2m\",");
    }

    @Test
    void problemsAreThoseOfCheck() throws Exception {
        CommandRun run = run("sites: []\ngarce: 1s\n");

        assertThat(run.code()).isEqualTo(78);
        assertThat(run.lines())
                .isEqualTo(CommandRun.of(
                                Map.of(),
                                "check",
                                "-c",
                                directory.resolve("postern.yaml").toString())
                        .lines());
        assertThat(run.lines()).anyMatch(line -> line.contains("garce: unknown key"));
    }
}
