package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What nobody could say any more is said, or at least done: the process ends. */
class LastWordsTest {
    /** A process of which not a byte of the heap is left, and whose first word about it is its last. */
    static final class FullHeap {
        private static Object[] all = {};

        private FullHeap() {}

        public static void main(String[] unused) throws InterruptedException {
            var never = new CountDownLatch(1);
            var words = LastWords.install(BackgroundOutput.replaceStandardError());
            var full = new Thread(FullHeap::fill, "greedy");
            full.setUncaughtExceptionHandler((thread, error) -> {
                // Whatever is free now was needed for the error: not a byte is.
                fillUp();
                words.uncaughtException(thread, error);
            });
            fullBefore(full);
            full.start();
            never.await();
        }

        /** What the handler needs of this class, so that only what it needs of others is missing. */
        private static void fullBefore(Thread ready) {
            ready.setDaemon(true);
            fillUp();
            all = new Object[0];
        }

        private static void fill() {
            fillUp();
            throw new OutOfMemoryError("Java heap space");
        }

        private static void fillUp() {
            for (int size = 1 << 20; size > 0; size /= 2) {
                try {
                    while (true) {
                        Object[] more = new Object[size + 1];
                        more[0] = all;
                        all = more;
                    }
                } catch (OutOfMemoryError full) {
                    // With smaller pieces.
                }
            }
        }
    }

    @Test
    void aProcessWithoutAByteOfMemoryLeftEnds(@TempDir Path directory) throws Exception {
        Path output = directory.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx32m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FullHeap.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            String said = Files.readString(output);

            assertThat(ended).as(said).isTrue();
            assertThat(process.exitValue()).as(said).isEqualTo(70);
            assertThat(said).contains("OutOfMemoryError").contains("the process ends with 70");
        } finally {
            process.destroyForcibly();
        }
    }
}
