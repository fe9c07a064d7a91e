package dev.postern.app;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.app.CannotStart.Reason;
import dev.postern.certificate.store.Store;
import java.io.IOException;
import java.util.List;

/**
 * The store, while the process that is about to replace this one may have it: from then on it is only read here, and opened
 * again by nobody but {@link #takeBack}. Any thread; blocks.
 */
final class LentStore {
    private final Store store;

    @GuardedBy("this") private boolean isLent;

    /** It was ours to write, and is again once it is back. */
    @GuardedBy("this") private boolean wasOurs;

    LentStore(Store store) {
        this.store = store;
    }

    /** From now on nothing is written, so that another process may have it. What is shown to clients stays. */
    synchronized void lend() {
        isLent = true;
        wasOurs = store.isWritable();
        store.close();
    }

    /** Before anything that may open it: another configuration may have the first site that needs it. */
    synchronized void requireHere() throws CannotStart {
        if (isLent) {
            throw new CannotStart(
                    Reason.UNAVAILABLE,
                    List.of("another process is about to replace this one, and has the certificate store until then"
                            + " (expected: a reload once it has, or has ended)"),
                    null);
        }
    }

    /**
     * Whether another process has it now.
     *
     * @throws IOException one line: where, and the reason
     */
    synchronized boolean isTaken() throws IOException {
        return isLent && store.isInUse();
    }

    /**
     * It is ours again, if it was.
     *
     * @throws IOException one line: where, and the reason; then it is lent as before
     */
    synchronized void takeBack() throws IOException {
        if (isLent && wasOurs && !store.isWritable()) {
            store.openToWrite();
        }
        isLent = false;
    }
}
