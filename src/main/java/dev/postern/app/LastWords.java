package dev.postern.app;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.machine.MachineErrors;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a process that cannot go on: says why, and halts with 70, so that whoever supervises it starts it anew. Nothing is
 * drained and nobody is waited for: what that would need may be what is broken. Hears of what no thread catches, of what is
 * logged with its stack, and of all that {@link MachineErrors} is told. Any thread.
 */
final class LastWords implements Thread.UncaughtExceptionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(LastWords.class);

    /** A bug, as in the commands themselves: supervisors try again after it. */
    private static final int EXIT_CODE = 70;

    /** However long the log takes: a reader that has stopped reading keeps nobody alive. */
    private static final long LONGEST_SECONDS = 3;

    /** For the last line of the log, where there is no memory. */
    private static final int RESERVED = 512 * 1024;

    private final BackgroundOutput output;
    /** For where nothing can be made any more, not even a line of the log. */
    private final FileOutputStream standardError = new FileOutputStream(FileDescriptor.err);

    private final byte[] outOfMemory =
            "ERROR postern: out of memory; the process ends with 70\n".getBytes(StandardCharsets.US_ASCII);
    private final CountDownLatch ending = new CountDownLatch(1);
    /** An atomic one would take memory to be set. */
    @GuardedBy("this") private boolean begun;

    private final AtomicReference<byte @Nullable []> reserved = new AtomicReference<>(new byte[RESERVED]);

    private LastWords(BackgroundOutput output) {
        this.output = output;
    }

    /** From now on hears of whatever no thread of this process catches. */
    static LastWords install(BackgroundOutput output) {
        LastWords words = new LastWords(output);
        // Loads what the question needs: where there is no memory, no class can be loaded, and the answer would be an
        // error.
        var unused = MachineErrors.isFatal(new OutOfMemoryError());
        // Made now: later there may be no memory for a thread.
        Threads.named("end").newThread(words::haltInTime).start();
        Thread.setDefaultUncaughtExceptionHandler(words);
        output.tell(MachineErrors::check);
        return words;
    }

    private void haltInTime() {
        try {
            ending.await();
            TimeUnit.SECONDS.sleep(LONGEST_SECONDS);
        } catch (InterruptedException e) {
            // Nobody does that.
        } finally {
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    @Override
    public void uncaughtException(Thread thread, Throwable error) {
        try {
            if (MachineErrors.isFatal(error)) {
                end(thread.getName(), error);
            } else {
                LOG.error("thread {}: bug", thread.getName(), error);
            }
        } catch (Throwable nothingWorks) {
            // The virtual machine would say so and go on, without this thread.
            end(thread.getName(), nothingWorks);
        }
    }

    /** @param why one line; what happens next is said here */
    void end(String why) {
        end(why, null);
    }

    private void end(String where, @Nullable Throwable error) {
        // Before anything else: what has never run takes memory the first time, if only to be linked.
        reserved.set(null);
        if (!begins()) {
            return;
        }
        try {
            ending.countDown();
            if (error == null) {
                LOG.error("{}; the process ends with {}", where, EXIT_CODE);
            } else {
                LOG.error("{}: {}; the process ends with {}", where, error, EXIT_CODE, error);
            }
            if (!output.drain()) {
                writeDirectly();
            }
        } catch (Throwable nothingWorks) {
            writeDirectly();
        } finally {
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    private synchronized boolean begins() {
        boolean first = !begun;
        begun = true;
        return first;
    }

    private void writeDirectly() {
        try {
            standardError.write(outOfMemory);
        } catch (IOException nobodyListens) {
            // There is nowhere left to say so.
        }
    }
}
