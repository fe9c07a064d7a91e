package dev.postern.disk;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.Locale;

/** What the disk refused, as an operator reads it, and whether it may be asked again. Pure. */
public final class DiskFailure {
    /** ENOSPC, EDQUOT, EMFILE and ENFILE, EIO: in strerror's words, the JDK has no others. */
    private static final List<String> PASSING =
            List.of("no space left on device", "disk quota exceeded", "too many open files", "input/output error");

    /** ENOSPC and EDQUOT. */
    private static final List<String> FULL = PASSING.subList(0, 2);

    private DiskFailure() {}

    /** What an operator reads: the JDK's messages are often only the path. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (e instanceof FileAlreadyExistsException || e instanceof NotDirectoryException) {
            return "not a directory";
        }
        if (e instanceof FileSystemException file && file.getReason() != null) {
            return file.getReason().toLowerCase(Locale.ROOT);
        }
        if (e.getMessage() == null) {
            return e.getClass().getSimpleName();
        }
        String lower = e.getMessage().toLowerCase(Locale.ROOT);
        return PASSING.contains(lower) ? lower : e.getMessage();
    }

    /** Whether it ends by itself, or by a hand that does not touch the configuration. */
    public static boolean isPassing(IOException failure) {
        return hasReason(failure, PASSING);
    }

    public static boolean isFull(IOException failure) {
        return hasReason(failure, FULL);
    }

    private static boolean hasReason(IOException failure, List<String> reasons) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
            if (reasons.stream().anyMatch(message::contains)) {
                return true;
            }
        }
        return false;
    }
}
