package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.postern.app.ConfigurationSource;
import dev.postern.config.Action;
import dev.postern.config.read.ConfigurationProblems;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --env-file}: what a unit has in {@code EnvironmentFile=}, for who is not the unit. */
class EnvironmentFileTest {
    @TempDir
    private Path directory;

    private Path configuration;
    private Path variables;
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void write() throws IOException {
        configuration = Files.writeString(directory.resolve("postern.yaml"), """
                acme: { issuers: [internal], store: "%s" }
                grace: ${GRACE}
                sites: [{ names: [app.internal], routes: [{ path: /, respond: { status: 200, body: "${TEXT:-none}" } }] }]
                """.formatted(directory.resolve("store")));
        variables = directory.resolve("postern.env");
    }

    private int run(Map<String, String> environment, String command, String... more) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        String[] words = Stream.of(
                        Arrays.stream(command.split(" ")),
                        Stream.of("-c", configuration.toString()),
                        Arrays.stream(more))
                .flatMap(part -> part)
                .toArray(String[]::new);
        return Main.run(words, new Console(new PrintWriter(out, true), new PrintWriter(err, true)), environment);
    }

    /** A key in one line, or a token of tens of kilobytes. */
    @ParameterizedTest
    @ValueSource(strings = {"", "\"", "'"})
    void valueMayBeLong(String quote) throws Exception {
        String text = "a".repeat(100_000) + (quote.equals("'") ? "" : "\\\\".repeat(100_000));
        Files.writeString(variables, "GRACE=7s\nTEXT=" + quote + text + quote + "\n");

        assertThat(run(Map.of(), "check", "--env-file", variables.toString()))
                .as(err::toString)
                .isZero();
    }

    /** As cron does, and a shell: neither has what the unit of the daemon has. */
    @ParameterizedTest
    @ValueSource(strings = {"check", "cert list", "cert plan", "cert explain app.internal", "reload", "cert preflight"})
    void commandTakesTheVariablesOfTheDaemonFromAFile(String command) throws Exception {
        Files.writeString(variables, "GRACE=20s\n");

        assertThat(run(Map.of(), command)).isEqualTo(78);
        assertThat(err.toString().lines())
                .first()
                .isEqualTo(
                        configuration + ":2: \"${GRACE}\" names GRACE, which is not in the environment (expected: GRACE"
                                + " as the daemon's unit has it, in the environment or in --env-file FILE; or ${GRACE:-otherwise})");
        assertThat(err.toString()).contains(configuration + ": 1 problem");

        assertThat(run(Map.of(), command, "--env-file", variables.toString())).isNotEqualTo(78);
        assertThat(err.toString()).doesNotContain("GRACE");
    }

    @Test
    void variableThatIsInNeitherIsSaidWithTheFileThatWasLookedAt() throws Exception {
        Files.writeString(variables, "TEXT=some\n");

        assertThat(run(Map.of(), "check", "--env-file", variables.toString())).isEqualTo(78);

        assertThat(err.toString().lines())
                .first()
                .asString()
                .startsWith(configuration + ":2: \"${GRACE}\" names GRACE, which is not in the environment, nor in "
                        + variables + " (expected: GRACE ");
    }

    /** As editors of Windows write it. */
    @Test
    void byteOrderMarkIsNoPartOfTheFirstName() throws Exception {
        Files.writeString(variables, "\uFEFFGRACE=2s\r\nTEXT=some\r\n");

        assertThat(run(Map.of(), "check", "--env-file", variables.toString()))
                .as(err::toString)
                .isZero();
    }

    /** Who reads them stands elsewhere than the daemon did when it was started. */
    @Test
    void problemsOfAReloadNameTheFileByItsAbsolutePath() throws Exception {
        Path relative = Path.of("").toAbsolutePath().relativize(configuration.toAbsolutePath());
        Files.writeString(variables, "GRACE=soon\n");
        ConfigurationSource source = ConfigurationSource.of(relative, variables);

        assertThat(catchThrowableOfType(ConfigurationProblems.class, source::check)
                        .lines())
                .singleElement()
                .asString()
                .startsWith(configuration + ":2: grace: ");
        assertThat(catchThrowableOfType(ConfigurationProblems.class, source::read)
                        .lines())
                .singleElement()
                .asString()
                .startsWith(relative + ":2: grace: ");
    }

    /** As Caddy's: who sets a variable for one command means it. */
    @Test
    void environmentOfTheProcessHasTheLastWord() throws Exception {
        Files.writeString(variables, "GRACE=20s\n");

        assertThat(run(Map.of("GRACE", "soon"), "check", "--env-file", variables.toString()))
                .isEqualTo(78);
        assertThat(err.toString()).contains(":2: grace: \"${GRACE}\"").doesNotContain("soon");
    }

    @Test
    void fileThatCannotBeReadIsAProblemOfItsOwn() {
        assertThat(run(Map.of(), "check", "--env-file", variables.toString())).isEqualTo(78);

        assertThat(err.toString().lines())
                .containsExactly(variables + ": cannot be read: does not exist", variables + ": 1 problem");
    }

    @Test
    void linesThatAreNoVariablesAreToldWithoutWhatTheySay() throws Exception {
        Files.writeString(variables, """
                # a comment
                ; another

                GRACE=20s
                s3cret
                1X=s3cret
                A="s3cret
                B='s3cret' s3cret
                C=s3cret\\
                D = s3cret
                """);

        assertThat(run(Map.of(), "check", "--env-file", variables.toString())).isEqualTo(78);
        assertThat(err.toString()).doesNotContain("s3cret");
        assertThat(err.toString().lines().map(line -> line.replaceFirst(" \\(expected: .*", "")))
                .containsExactly(
                        variables + ":5: is no variable",
                        variables + ":6: is no variable",
                        variables + ":7: is no variable",
                        variables + ":8: is no variable",
                        variables + ":9: is no variable",
                        variables + ":10: is no variable",
                        variables + ": 6 problems");
    }

    /** As {@code EnvironmentFile=} has it: systemd.exec(5). */
    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '~',
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "TEXT=a b|a b",
                "  TEXT=  a b  |a b",
                "export TEXT=a|a",
                "TEXT=a # no comment|a # no comment",
                "TEXT=\"a b\"  |a b",
                "TEXT=' a\\b$ '| a\\b$ ",
                "TEXT=\"a\\\"b\\\\c\\$d\\e\"|a\"b\\c$d\\e",
                "TEXT=a\\b\\\\c|ab\\c",
                "TEXT=a\"b'c|a\"b'c",
                "TEXT=a=b|a=b",
                "TEXT=|none",
                "TEXT=''|none"
            })
    void valueIsWhatTheServiceWouldGet(String line, String value) throws Exception {
        Files.writeString(variables, "GRACE=1s\r\n" + line + "\r\n");

        assertThat(ConfigurationSource.of(configuration, variables)
                        .read()
                        .sites()
                        .get(0)
                        .routes()
                        .get(0)
                        .action())
                .isEqualTo(new Action.Respond(200, value));
    }

    @Test
    void daemonReadsItAgainAtEachReload() throws Exception {
        ConfigurationSource source = ConfigurationSource.of(configuration, variables);
        Files.writeString(variables, "GRACE=1s\n");
        assertThat(source.read().grace()).hasSeconds(1);

        Files.writeString(variables, "GRACE=2s\n");
        assertThat(source.read().grace()).hasSeconds(2);
        Files.delete(variables);
        assertThatThrownBy(source::read).isInstanceOf(ConfigurationProblems.class);
    }

    @Test
    void runTakesItWithAConfigurationOnly() throws Exception {
        Files.writeString(variables, "GRACE=soon\n");

        assertThat(run(Map.of(), "run", "--env-file", variables.toString())).isEqualTo(78);
        assertThat(err.toString()).contains(":2: grace: \"${GRACE}\"").contains("; not started");

        List<String> words = List.of(
                "run", "--site", "a.example", "--to", "127.0.0.1:1", "--email", "a@example.com", "--env-file", "x");
        assertThat(Main.run(
                        words.toArray(String[]::new),
                        new Console(new PrintWriter(out, true), new PrintWriter(err, true)),
                        Map.of()))
                .isEqualTo(64);
    }
}
