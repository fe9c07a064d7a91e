package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What a process and those that it started have used, as {@code /proc} knows it. */
record Usage(double cpuSeconds, double residentMegabytes) {
    /** Of {@code sysconf(_SC_CLK_TCK)}, which is 100 on every Linux. */
    private static final double TICKS_PER_SECOND = 100;

    static Usage of(Process process) {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .map(handle -> of(handle.pid()))
                .reduce(
                        new Usage(0, 0),
                        (a, b) -> new Usage(a.cpuSeconds + b.cpuSeconds, a.residentMegabytes + b.residentMegabytes));
    }

    /** What the programs used that this JVM has started and that have ended. */
    static double cpuSecondsOfEnded() {
        String[] fields = fields(Path.of("/proc/self/stat"));
        return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS_PER_SECOND;
    }

    private static Usage of(long pid) {
        Path process = Path.of("/proc", String.valueOf(pid));
        try {
            String[] fields = fields(process.resolve("stat"));
            double ticks = 0;
            // utime, stime, cutime, cstime: the latter two of children that have ended.
            for (int i = 11; i <= 14; i++) {
                ticks += Long.parseLong(fields[i]);
            }
            double resident = Files.readAllLines(process.resolve("status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")))
                    .sum();
            return new Usage(ticks / TICKS_PER_SECOND, resident / 1024);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** From the third one on, the state: the second one, the name, may have spaces in it. */
    private static String[] fields(Path stat) {
        try {
            String text = Files.readString(stat);
            return text.substring(text.lastIndexOf(')') + 2).split(" ");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
