package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command: where its result goes, and how it ends. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ImportHaproxyTest {
    private static final String CONFIGURATION = """
            listen web
              mode http
              bind :8080
              option httpclose
              server one 127.0.0.1:9000
            """;

    @TempDir
    private Path directory;

    private CommandRun imported(String... words) {
        String[] all = new String[words.length + 2];
        all[0] = "import";
        all[1] = "haproxy";
        System.arraycopy(words, 0, all, 2, words.length);
        return CommandRun.of(Map.of("STATE_DIRECTORY", directory.toString()), all);
    }

    private Path file(String text) throws Exception {
        return Files.writeString(directory.resolve("haproxy.cfg"), text);
    }

    @Test
    void resultGoesToStandardOutputWithANumberOfWhatWasNotCarriedOver() throws Exception {
        Path file = file(CONFIGURATION);

        CommandRun run = imported(file.toString());

        assertThat(run.code()).isZero();
        assertThat(run.lines())
                .contains("    backend: web", "  # haproxy.cfg:4: option httpclose")
                .endsWith(file + ": not, or not wholly, carried over: lines: 1 (each is a comment in the result)");
    }

    @Test
    void resultThatIsWrittenToAFilePassesCheck() throws Exception {
        Path out = directory.resolve("postern.yaml");

        assertThat(imported(file(CONFIGURATION).toString(), "-o", out.toString())
                        .code())
                .isZero();

        assertThat(CommandRun.of(Map.of("STATE_DIRECTORY", directory.toString()), "check", "-c", out.toString()))
                .isEqualTo(new CommandRun(0, List.of(out + ": ok")));
    }

    @Test
    void fileThatIsThereIsOverwrittenByForceOnly() throws Exception {
        String from = file(CONFIGURATION).toString();
        Path out = Files.writeString(directory.resolve("postern.yaml"), "mine");

        CommandRun refused = imported(from, "-o", out.toString());
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.lines()).contains(out + ": is there already (expected: a new file, or --force)");
        assertThat(out).hasContent("mine");

        assertThat(imported(from, "-o", out.toString(), "--force").code()).isZero();
        assertThat(Files.readString(out)).contains("backend: web");
    }

    @Test
    void whatIsNoConfigurationEndsWith78AndWritesNothing() throws Exception {
        Path out = directory.resolve("postern.yaml");
        Path binary = Files.write(directory.resolve("binary"), new byte[] {0x7f, 'E', 'L', 'F', 0, 1});
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();

        for (Path odd : List.of(
                binary,
                directory,
                pipe,
                directory.resolve("missing"),
                Files.writeString(directory.resolve("nginx.conf"), "server {\n", StandardCharsets.UTF_8))) {
            CommandRun run = imported(odd.toString(), "-o", out.toString());

            assertThat(run.code()).as(run.lines().toString()).isEqualTo(78);
            assertThat(run.lines())
                    .hasSize(1)
                    .allSatisfy(line -> assertThat(line).startsWith(odd + ":"));
        }
        assertThat(out).doesNotExist();
    }
}
