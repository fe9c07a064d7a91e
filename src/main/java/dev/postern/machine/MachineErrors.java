package dev.postern.machine;

import io.netty.util.internal.OutOfDirectMemoryError;
import org.jspecify.annotations.Nullable;

/**
 * Errors of the virtual machine itself: no memory, above all. After one of them nothing can be relied on, neither the
 * thread that got it nor those that it left something half done for, so that the process has to end. Whoever catches what
 * may be one, and would go on, asks here first. Any thread.
 */
public final class MachineErrors {
    /** Nobody wraps an exception so often; a cycle of causes ends here. */
    private static final int MAX_CAUSES = 16;

    private MachineErrors() {}

    /**
     * Tells the thread's handler of uncaught exceptions where {@code caught} is such an error, or was caused by one: in a
     * daemon that ends the process, and this does not return.
     */
    public static void check(@Nullable Throwable caught) {
        Throwable cause = caught;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
            if (isFatal(cause)) {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, cause);
                return;
            }
            cause = cause.getCause();
        }
    }

    /** Whether the process cannot go on after it. */
    public static boolean isFatal(Throwable error) {
        return error instanceof VirtualMachineError && !isOfBuffers(error);
    }

    /** Whether it comes of too little memory, in the heap or beside it: what was tried may have left anything half done. */
    public static boolean isOfMemory(Throwable error) {
        Throwable cause = error;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
            if (cause instanceof OutOfMemoryError) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    /**
     * No room for one more buffer outside the heap: whoever needed it fails, and everybody else goes on. The JDK knows no
     * class for it.
     */
    private static boolean isOfBuffers(Throwable error) {
        return error instanceof OutOfDirectMemoryError
                || (error instanceof OutOfMemoryError
                        && String.valueOf(error.getMessage()).contains("direct buffer memory"));
    }
}
