package dev.postern.testing;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What goes into the log of this process while it is open; it goes there all the same. */
public final class CapturedLog implements AutoCloseable {
    private final PrintStream before = System.err;
    private final ByteArrayOutputStream copy = new ByteArrayOutputStream();

    @SuppressWarnings("SystemSetErr")
    private CapturedLog() {
        System.setErr(new PrintStream(
                new OutputStream() {
                    @Override
                    public void write(int b) {
                        before.write(b);
                        copy.write(b);
                    }

                    @Override
                    public void write(byte[] bytes, int from, int length) {
                        before.write(bytes, from, length);
                        copy.write(bytes, from, length);
                    }
                },
                true,
                StandardCharsets.UTF_8));
    }

    public static CapturedLog begin() {
        return new CapturedLog();
    }

    /** The lines so far that contain {@code part}. */
    public List<String> lines(String part) {
        return copy.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.contains(part))
                .toList();
    }

    @Override
    public void close() {
        System.setErr(before);
    }
}
