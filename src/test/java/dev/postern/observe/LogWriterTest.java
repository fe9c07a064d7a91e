package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.LogFormat;
import dev.postern.config.LogSettings;
import dev.postern.testing.SmallDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever hands over lines never waits; what cannot be written is counted, and what follows is whole. */
class LogWriterTest {
    private static final int LINES = 100;

    // A pipe that nobody reads takes 64 KiB, the queue 512 batches; the test fails by never ending.
    @Test
    void readerThatIsStuckCostsLinesAndNeverTime(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        try (RandomAccessFile reader = new RandomAccessFile(pipe.toFile(), "rw")) {
            AccessLog log = open(pipe);
            for (int i = 0; i < 2000; i++) {
                log.write(batch());
            }

            assertThat(log.linesDropped()).isGreaterThan(500L * LINES);
            // Somebody reads again: what had been kept is written.
            start(() -> readAll(reader));
            Awaitility.await().until(() -> log.linesWritten() + log.linesDropped() == 2000L * LINES);
            log.close();
        }
    }

    // A reload that takes away a log whose reader is stuck: thread, descriptor and 32 MiB stayed for ever.
    @Test
    void readerThatIsStuckAtTheEndKeepsNothingOnceItReads(@TempDir Path directory) throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        try (RandomAccessFile reader = new RandomAccessFile(pipe.toFile(), "rw")) {
            CompletableFuture<Void> writer = new CompletableFuture<>();
            AccessLog log = open(
                    pipe,
                    task -> start(() -> {
                        task.run();
                        writer.complete(null);
                    }));
            long all = 0;
            for (long before = 0; before == 0 || log.linesWritten() > before; all += 2000L * LINES) {
                before = log.linesWritten();
                for (int i = 0; i < 2000; i++) {
                    log.write(batch());
                }
            }
            log.close();
            long dropped = log.linesDropped();

            start(() -> readAll(reader));

            assertThat(writer).succeedsWithin(Duration.ofSeconds(10));
            assertThat(log.linesDropped()).isEqualTo(dropped);
            assertThat(log.linesWritten() + dropped).isEqualTo(all);
        }
    }

    @Test
    void fullDiskCostsLinesAndIsOverWhenThereIsRoomAgain(@TempDir Path directory) throws Exception {
        try (SmallDisk disk = SmallDisk.mount(directory.resolve("disk"))) {
            Path file = directory.resolve("disk").resolve("access.log");
            AccessLog log = open(file);
            log.write(batch());
            Awaitility.await().until(() -> log.linesWritten() == LINES);
            disk.fill();
            while (log.linesDropped() == 0) {
                log.write(batch());
                Thread.onSpinWait();
            }
            disk.free();
            long before = log.linesDropped();
            log.write(batch());
            Awaitility.await().until(() -> {
                log.write(batch());
                return log.linesWritten() > 10 * LINES;
            });
            log.close();

            assertThat(before).isPositive();
            List<String> lines = Files.readAllLines(file);
            long torn = lines.stream().filter(line -> !line.equals("abc")).count();
            assertThat(torn).as("the line the disk was full in").isLessThanOrEqualTo(1);
            assertThat(lines.stream().filter("abc"::equals).count()).isEqualTo(log.linesWritten());
        }
    }

    @Test
    void linesFollowTheNameOfTheFile(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("access.log");
        AccessLog log = open(file);
        log.write(batch());
        Awaitility.await().until(() -> log.linesWritten() == LINES);

        Path moved = Files.move(file, directory.resolve("access.log.1"));
        log.write(batch());
        log.reopen();
        log.write(batch());
        log.close();

        assertThat(Files.readAllLines(moved)).hasSize(2 * LINES);
        assertThat(Files.readAllLines(file)).hasSize(LINES);
    }

    private static void readAll(RandomAccessFile reader) {
        try {
            byte[] bytes = new byte[4096];
            while (reader.read(bytes) > 0) {
                // Whatever it is.
            }
        } catch (IOException e) {
            // The test is over.
        }
    }

    private static AccessLog open(Path file) throws Exception {
        return open(file, LogWriterTest::start);
    }

    private static AccessLog open(Path file, Executor writer) throws Exception {
        return AccessLog.open(new LogSettings(file, LogFormat.JSON, true), Clock.systemUTC(), writer);
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "log-writer-test");
        thread.setDaemon(true);
        thread.start();
    }

    private static AccessLog.Batch batch() {
        byte[] bytes = "abc\n".repeat(LINES).getBytes(StandardCharsets.US_ASCII);
        return new AccessLog.Batch(bytes, bytes.length, LINES);
    }
}
