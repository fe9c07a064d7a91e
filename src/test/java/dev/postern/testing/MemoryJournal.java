package dev.postern.testing;

import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A journal in memory that can end a run at a chosen step, as kill -9 would. */
public final class MemoryJournal implements OrderJournal {
    private @Nullable OrderEntry entry;
    private int writes;
    private int reads;
    private int dieAfterWrite;
    private int dieBeforeRead;

    /** What a run is ended with. */
    public static final class Died extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** The entry is kept, the run goes no further. Counted from now. */
    public MemoryJournal dieAfterWrite(int count) {
        dieAfterWrite = writes + count;
        return this;
    }

    public MemoryJournal dieBeforeRead(int count) {
        dieBeforeRead = reads + count;
        return this;
    }

    @Override
    public synchronized Optional<OrderEntry> read() {
        if (++reads == dieBeforeRead) {
            throw new Died();
        }
        return Optional.ofNullable(entry);
    }

    @Override
    public synchronized void write(OrderEntry next) {
        entry = next;
        if (++writes == dieAfterWrite) {
            throw new Died();
        }
    }

    @Override
    public synchronized void clear() {
        entry = null;
    }
}
