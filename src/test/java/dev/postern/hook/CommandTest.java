package dev.postern.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandTest {
    @TempDir
    Path directory;

    private static Command.Outcome sh(String script, Duration timeout, String... arguments) throws Exception {
        return new Command(List.of("sh", "-c", script, "sh"), timeout).run(List.of(arguments), Map.of(), "");
    }

    private static Command.Outcome sh(String script, String... arguments) throws Exception {
        return sh(script, Duration.ofSeconds(10), arguments);
    }

    @Test
    void argumentsArriveAsTheyAre_forNoShellReadsThem() throws Exception {
        assertThat(sh("printf '<%s>' \"$@\"", "a b", "$HOME;`id`", "", "*").output())
                .isEqualTo("<a b><$HOME;`id`><><*>");
    }

    @Test
    void bothStreamsAndTheExitCodeComeBack() throws Exception {
        Command.Outcome outcome = sh("echo one; echo two >&2; exit 7");

        assertThat(outcome.exit()).isEqualTo(7);
        assertThat(outcome.isSuccess()).isFalse();
        assertThat(outcome.text()).isEqualTo("exit code 7: one | two");
    }

    @Test
    void outputIsKeptUpToABound_andReadToItsEnd() throws Exception {
        Command.Outcome outcome = sh("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end >&2");

        assertThat(outcome.isSuccess()).isTrue();
        assertThat(outcome.output()).hasSize(Command.KEPT_BYTES);
        assertThat(outcome.text()).hasSizeLessThan(1100);
    }

    @Test
    void environmentHasNothingOfOursButWhatProgramsNeed() throws Exception {
        Command env = new Command(List.of("env"), Duration.ofSeconds(10));

        Command.Outcome outcome = env.run(List.of(), Map.of("POSTERN_SITE", "example.com"), "");

        assertThat(outcome.output().lines().map(line -> line.replaceFirst("=.*", "")))
                .contains("PATH", "POSTERN_SITE")
                .isSubsetOf(java.util.stream.Stream.concat(
                                Command.INHERITED.stream(), java.util.stream.Stream.of("POSTERN_SITE"))
                        .toList());
    }

    @Test
    void inputOfAnySizeArrives_andNeedNotBeRead() throws Exception {
        Command count = new Command(List.of("wc", "-c"), Duration.ofSeconds(10));
        Command deaf = new Command(List.of("true"), Duration.ofSeconds(10));

        assertThat(count.run(List.of(), Map.of(), "x".repeat(100)).output().strip())
                .isEqualTo("100");
        assertThat(count.run(List.of(), Map.of(), "x".repeat(1_000_000))
                        .output()
                        .strip())
                .isEqualTo("1000000");
        assertThat(deaf.run(List.of(), Map.of(), "x".repeat(1_000_000)).isSuccess())
                .isTrue();
        assertThat(deaf.run(List.of(), Map.of(), "x").isSuccess()).isTrue();
    }

    @Test
    void programThatDoesNotEndIsEndedWithItsChildren() throws Exception {
        Path pids = directory.resolve("pids");

        Command.Outcome outcome = sh("sleep 600 & echo $! $$ > " + pids + "; echo begun; wait", Duration.ofMillis(400));

        assertThat(outcome.exit()).isNull();
        assertThat(outcome.text()).isEqualTo("still running after 400ms; ended: begun");
        assertAllEnded(pids);
    }

    @Test
    void programThatIgnoresTermIsEndedAllTheSame() throws Exception {
        Path pids = directory.resolve("pids");

        Command.Outcome outcome =
                sh("trap '' TERM; echo $$ > " + pids + "; while :; do sleep 0.05; done", Duration.ofMillis(300));

        assertThat(outcome.exit()).isNull();
        assertAllEnded(pids);
    }

    @Test
    void childThatOutlivesTheProgramHoldsUpNobody() throws Exception {
        Path pids = directory.resolve("pids");

        Command.Outcome outcome = sh("sleep 5 & echo $! > " + pids + "; echo done");

        assertThat(outcome.text()).isEqualTo("exit code 0: done");
        ProcessHandle.of(Long.parseLong(Files.readString(pids).strip())).ifPresent(ProcessHandle::destroy);
    }

    @Test
    void interruptionEndsTheProgram() throws Exception {
        Path pids = directory.resolve("pids");
        ExecutorService executor = Executors.newSingleThreadExecutor();
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Future<?> run = executor.submit(() -> {
            try {
                sh("echo $$ > " + pids + "; exec sleep 600", Duration.ofMinutes(5));
            } catch (Exception e) {
                thrown.complete(e);
            }
        });
        await().until(() -> Files.exists(pids) && Files.size(pids) > 0);

        run.cancel(true);

        assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
        assertAllEnded(pids);
        executor.shutdownNow();
    }

    @Test
    void programThatIsNotThereSaysSo() {
        Command command = new Command(List.of("/nowhere/program"), Duration.ofSeconds(10));

        assertThatThrownBy(() -> command.run(List.of(), Map.of(), ""))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("cannot be started: ")
                .hasMessageContaining("/nowhere/program");
    }

    private static void assertAllEnded(Path pids) throws IOException {
        for (String pid : Files.readString(pids).strip().split(" ", -1)) {
            await().atMost(Duration.ofSeconds(5))
                    .until(() -> ProcessHandle.of(Long.parseLong(pid))
                            .map(process -> !process.isAlive())
                            .orElse(true));
        }
    }
}
