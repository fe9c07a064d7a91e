package dev.postern.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Notes what each test class has cost, registered for all of them: a line of {@code target/test-cost.txt} has the seconds
 * it took, the processor time of this process, and that of the programs it started and waited for. Processor time is what
 * the suite is short of; a class that waits costs the others nothing.
 */
public final class TestCost implements BeforeAllCallback, AfterAllCallback {
    private static final Path REPORT = Path.of("target", "test-cost.txt");
    private static final Path OF_THIS_PROCESS = Path.of("/proc/self/stat");

    /** Of the kernel's clock, in which it counts (USER_HZ, the same on every Linux). */
    private static final double TICKS_PER_SECOND = 100;

    private record Times(long nanoTime, double own, double children) {}

    @Override
    public void beforeAll(ExtensionContext tests) throws IOException {
        if (isCounted()) {
            tests.getStore(ExtensionContext.Namespace.create(TestCost.class)).put("before", now());
        }
    }

    @Override
    public void afterAll(ExtensionContext tests) throws IOException {
        if (isCounted()) {
            Times before = tests.getStore(ExtensionContext.Namespace.create(TestCost.class))
                    .get("before", Times.class);
            Times after = now();
            String line = String.format(
                    Locale.ROOT,
                    "%7.1f s, processor %6.1f s, of programs %6.1f s  %s%n",
                    Duration.ofNanos(after.nanoTime - before.nanoTime).toMillis() / 1000.0,
                    after.own - before.own,
                    after.children - before.children,
                    tests.getRequiredTestClass().getName());
            // One short write at the end of the file: the lines of several processes do not mix.
            Files.writeString(
                    REPORT, line, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    private static boolean isCounted() {
        return Files.isReadable(OF_THIS_PROCESS) && Files.isDirectory(REPORT.getParent());
    }

    private static Times now() throws IOException {
        String stat = Files.readString(OF_THIS_PROCESS);
        // The name of the program, in parentheses, may have spaces; utime is the 14th column of proc(5).
        String[] columns = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return new Times(
                System.nanoTime(),
                (Long.parseLong(columns[11]) + Long.parseLong(columns[12])) / TICKS_PER_SECOND,
                (Long.parseLong(columns[13]) + Long.parseLong(columns[14])) / TICKS_PER_SECOND);
    }
}
