package dev.postern.observe;

import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.tunnel.PassageRecord;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The lines of one event loop, put together as bytes and handed over in batches: when a batch is full, and whenever the
 * loop looks after its timeouts. Event loop only.
 */
final class LogLines {
    /** Some hundred and fifty lines: each batch wakes the thread that writes it, which costs as much as a line or two. */
    static final int BATCH_BYTES = 64 * 1024;

    private static final int ERROR = 400;

    private final AccessLog log;
    private final LineFormat format;
    /** Of those that went well one in so many. */
    private final int sample;

    private int skipped;
    private final LineBuffer line = new LineBuffer();

    private byte[] batch;
    private int length;
    private int lines;

    LogLines(AccessLog log, LineFormat format, int sample) {
        this.sample = sample;
        this.log = log;
        this.format = format;
        this.batch = log.array();
    }

    boolean isOf(@Nullable AccessLog other) {
        return log.equals(other);
    }

    void add(ExchangeRecord exchange) {
        if (sample > 1 && exchange.failure() == null && exchange.status() < ERROR && isSkipped()) {
            return;
        }
        line.clear();
        format.write(exchange, line);
        add();
    }

    private boolean isSkipped() {
        skipped = (skipped + 1) % sample;
        return skipped != 0;
    }

    void add(PassageRecord passage) {
        if (sample > 1 && passage.failure() == null && isSkipped()) {
            return;
        }
        line.clear();
        format.write(passage, line);
        add();
    }

    private void add() {
        line.ascii('\n');
        if (line.length() > batch.length - length) {
            handOver();
        }
        if (line.length() > batch.length) {
            log.write(new AccessLog.Batch(Arrays.copyOf(line.bytes(), line.length()), line.length(), 1));
            return;
        }
        System.arraycopy(line.bytes(), 0, batch, length, line.length());
        length += line.length();
        lines++;
    }

    void handOver() {
        if (length == 0) {
            return;
        }
        if (length > batch.length / 2) {
            log.write(new AccessLog.Batch(batch, length, lines));
            batch = log.array();
        } else {
            log.write(new AccessLog.Batch(Arrays.copyOf(batch, length), length, lines));
        }
        length = 0;
        lines = 0;
    }
}
