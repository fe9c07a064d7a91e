package dev.postern.observe;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.config.LogPattern;
import dev.postern.config.LogSettings;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Tracing;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A line for each exchange. Event loops hand over batches and never wait: a thread of its own writes them, and where it
 * cannot keep up (a full pipe, a full disk, a hanging mount) lines are dropped and counted. Any thread.
 */
// The interruption of a close is its caller's; some batches are signs, known by who they are.
@SuppressWarnings({"try", "ReferenceEquality"})
public final class AccessLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

    /** Batches; at most 32 MiB, some 80,000 lines: a few seconds of a disk that hangs. */
    private static final int WAITING = 512;

    /** Batches that are on their way while the disk keeps up. */
    private static final int SPARE = 8;

    /** How long the end waits for what is still to be written. */
    private static final long CLOSE_SECONDS = 2;

    /** Lines, as bytes in {@code [0, length)}. */
    @SuppressWarnings("ArrayRecordComponent") // Written once, never compared.
    record Batch(byte[] bytes, int length, int lines) {
        /** Opens the destination anew. */
        static final Batch REOPEN = new Batch(new byte[0], 0, 0);

        /** Nothing follows. */
        static final Batch END = new Batch(new byte[0], 0, 0);
    }

    /** What it is called in messages. */
    private final String name;

    private final @Nullable LogSettings config;
    private final Supplier<LineFormat> formats;
    private final int sample;
    private final LogDestination destination;
    private final ArrayBlockingQueue<Batch> waiting = new ArrayBlockingQueue<>(WAITING);
    /** Arrays that were written, to be filled again. */
    private final ArrayBlockingQueue<byte[]> spare = new ArrayBlockingQueue<>(SPARE);

    private final List<LogLines> loops = new CopyOnWriteArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final LongAdder written = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    // Written by the writer; read by whoever reports.
    private volatile String why = "";

    @GuardedBy("this") private long reported;

    private AccessLog(
            String name, @Nullable LogSettings config, Supplier<LineFormat> formats, LogDestination destination) {
        this.name = name;
        this.config = config;
        this.formats = formats;
        this.sample = config == null ? 1 : config.sample();
        this.destination = destination;
    }

    /**
     * The spans of traces, which go the same way to a collector.
     *
     * @param writer runs the writing thread, until {@link #close}
     */
    public static AccessLog ofSpans(Tracing config, InstantSource clock, Executor writer) {
        AccessLog opened = new AccessLog(
                "tracing", null, () -> new SpanFormat(clock, config.query()), new OtlpDestination(config, clock));
        writer.execute(opened::writeOut);
        return opened;
    }

    /**
     * Opens the destination, and begins.
     *
     * @param writer runs the writing thread, until {@link #close}, and what compresses; each on a thread of its own
     * @throws IOException where a file cannot be opened
     */
    public static AccessLog open(LogSettings config, InstantSource clock, Executor writer) throws IOException {
        AccessLog opened =
                new AccessLog("access log", config, () -> format(config, clock), destination(config, clock, writer));
        writer.execute(opened::writeOut);
        return opened;
    }

    private static LogDestination destination(LogSettings config, InstantSource clock, Executor work)
            throws IOException {
        return config.syslog() != null
                ? new SyslogDestination(config.syslog(), clock)
                : FileDestination.open(config.file(), config.rotate(), clock, work);
    }

    private static LineFormat format(LogSettings config, InstantSource clock) {
        RequestHeaders headers = new RequestHeaders(config.headers());
        return switch (config.format()) {
            case JSON -> new JsonFormat(clock, config.query(), headers);
            case ECS -> new EcsFormat(clock, config.query(), headers);
            case CUSTOM -> new PatternFormat(pattern(config.pattern()), clock, config.query());
            case COMMON -> new CommonFormat(clock, false, config.query());
            case COMBINED -> new CommonFormat(clock, true, config.query());
        };
    }

    /** What the lines of one more event loop go through. */
    LogLines lines() {
        LogLines lines = new LogLines(this, formats.get(), sample);
        loops.add(lines);
        return lines;
    }

    private static LogPattern pattern(String text) {
        try {
            return LogPattern.parse(text);
        } catch (NotUnderstood e) {
            throw new IllegalStateException("a format that was read before: " + text, e);
        }
    }

    void write(Batch batch) {
        if (!waiting.offer(batch)) {
            if (why.isEmpty()) {
                why = "whoever takes it is too slow";
            }
            dropped.add(batch.lines);
        }
    }

    /** Of {@link LogLines#BATCH_BYTES}. */
    byte[] array() {
        byte[] written = spare.poll();
        return written == null ? new byte[LogLines.BATCH_BYTES] : written;
    }

    /** As after a rotation: what comes from now on goes into a file of the same name. */
    public void reopen() {
        if (config != null && (config.file() != null || config.syslog() != null) && !waiting.offer(Batch.REOPEN)) {
            LOG.warn("access log {}: not opened anew: what is written before it hangs", destination);
        }
    }

    /** What it is configured as. */
    public LogSettings config() {
        return Objects.requireNonNull(config, "config");
    }

    public long linesWritten() {
        return written.sum();
    }

    public long linesDropped() {
        return dropped.sum();
    }

    /** Says how many lines were dropped since the last report, if any. To be called once a minute or so. */
    public synchronized void report() {
        long lost = linesDropped() - reported;
        if (lost > 0) {
            reported += lost;
            LOG.warn("{} {}: {} lines dropped: {}", name, destination, lost, why);
            why = "";
        }
    }

    @SuppressWarnings("ReferenceEquality") // The two that mean something are told apart by what they are.
    private void writeOut() {
        try {
            for (Batch next = waiting.take(); next != Batch.END; next = waiting.take()) {
                if (next == Batch.REOPEN) {
                    destination.reopen();
                } else {
                    write(destination, next);
                    if (next.bytes.length == LogLines.BATCH_BYTES) {
                        var unused = spare.offer(next.bytes);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            destination.close();
            ended.countDown();
        }
    }

    private void write(LogDestination to, Batch batch) {
        try {
            to.write(batch.bytes, batch.length);
            written.add(batch.lines);
        } catch (IOException e) {
            int left = to.linesNotWritten(batch.bytes, batch.length);
            written.add(batch.lines - left);
            dropped.add(left);
            why = String.valueOf(e.getMessage());
        }
    }

    /**
     * Writes what is there, for as long as that takes a moment only, and lets go. The event loops must have ended, or
     * have been given another log.
     */
    @Override
    public void close() {
        loops.forEach(LogLines::handOver);
        if (!endsInTime()) {
            List<Batch> left = new ArrayList<>();
            waiting.drainTo(left);
            dropped.add(left.stream().mapToInt(Batch::lines).sum());
            why = "not written by the time of the end";
            // Whenever the writer comes back from what it hangs in.
            var unused = waiting.offer(Batch.END);
        }
        report();
    }

    private boolean endsInTime() {
        try {
            return waiting.offer(Batch.END, CLOSE_SECONDS, TimeUnit.SECONDS)
                    && ended.await(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
