package dev.postern.app;

import dev.postern.config.PlainText;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Standard error for threads that must not wait: what is written goes into a bounded queue, and a thread of its own
 * writes it out. Where the reader of our log is slower than the log, lines are dropped and counted; an event loop never
 * blocks on a full pipe. Any thread.
 */
public final class BackgroundOutput extends OutputStream {
    /** Pieces, mostly lines. A second of a badly broken day. */
    private static final int CAPACITY = 8192;

    private final OutputStream out;
    private final ArrayBlockingQueue<byte[]> queue = new ArrayBlockingQueue<>(CAPACITY);
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong written = new AtomicLong();
    // Set once, read by any thread that logs.
    private volatile Consumer<Throwable> caught = ignored -> {};

    /** Writes each line in one piece: nothing that others print comes between it and its end. */
    static final class Lines extends PrintStream {
        private final Consumer<Throwable> caught;
        private final boolean journal;

        Lines(OutputStream out, Consumer<Throwable> caught) {
            this(out, false, caught);
        }

        /**
         * @param journal whether it is systemd's journal that reads them
         * @param caught is told of what is printed with its stack
         */
        Lines(OutputStream out, boolean journal, Consumer<Throwable> caught) {
            super(out, false, StandardCharsets.UTF_8);
            this.caught = caught;
            this.journal = journal;
        }

        @Override
        public void println(@Nullable String line) {
            // Of a class derived from it, PrintStream writes line and end apart.
            String text = PlainText.lines(String.valueOf(line));
            print((journal ? JournalPriority.prefixed(text) : text) + System.lineSeparator());
        }

        @Override
        public void println(@Nullable Object printed) {
            // How Throwable.printStackTrace begins.
            if (printed instanceof Throwable thrown) {
                caught.accept(thrown);
            }
            println(String.valueOf(printed));
        }
    }

    private BackgroundOutput(OutputStream out) {
        this.out = out;
    }

    /** Puts one in the place of {@link System#err}. */
    public static BackgroundOutput replaceStandardError() {
        BackgroundOutput output = new BackgroundOutput(System.err);
        Threads.named("log").newThread(output::writeOut).start();
        boolean journal = JournalPriority.isAsked(System.getenv().getOrDefault("JOURNAL_STREAM", ""));
        System.setErr(new Lines(output, journal, thrown -> output.caught.accept(thrown)));
        return output;
    }

    /**
     * Tells of whatever is logged with its stack. Libraries catch what a task of theirs throws, an OutOfMemoryError like
     * anything else, and go on; but they log it.
     */
    void tell(Consumer<Throwable> ofCaught) {
        caught = ofCaught;
    }

    @Override
    public void write(int octet) {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
        byte[] piece = new byte[length];
        System.arraycopy(bytes, from, piece, 0, length);
        if (queue.offer(piece)) {
            accepted.incrementAndGet();
        } else {
            dropped.incrementAndGet();
        }
    }

    /**
     * Waits until everything written so far is out, at most a second: for the end of the process.
     *
     * @return whether it is
     */
    public boolean drain() throws InterruptedException {
        long target = accepted.get();
        for (int i = 0; i < 100 && written.get() < target; i++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        return written.get() >= target;
    }

    private void writeOut() {
        try {
            while (true) {
                writeOut(queue.take());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void writeOut(byte[] piece) {
        write(piece);
        long lost = queue.isEmpty() ? dropped.getAndSet(0) : 0;
        if (lost > 0) {
            write(("log: " + lost + " lines dropped: whoever reads the log is too slow\n")
                    .getBytes(StandardCharsets.UTF_8));
        }
        written.incrementAndGet();
    }

    @Override
    public void write(byte @Nullable [] piece) {
        try {
            out.write(piece);
            out.flush();
        } catch (IOException nobodyListens) {
            // There is nowhere left to say so.
            dropped.incrementAndGet();
        }
    }
}
