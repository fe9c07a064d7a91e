package dev.postern.config;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a line is written for each exchange; null in the configuration where none is.
 *
 * @param file null for standard output, or where {@code syslog} is there
 * @param syslog null where it is not that
 * @param pattern of a custom format; empty for all others
 * @param query whether the query of the target is written as well
 * @param rotate null where the file is put away by somebody else, or is none
 * @param sample of those that went well one in so many is written
 * @param headers lower-case names of those of requests that are written as well
 */
public record LogSettings(
        @InFile(key = "to") @Nullable Path file,
        @InFile(key = "to") @Nullable Syslog syslog,
        LogFormat format,
        @InFile(key = "format") String pattern,
        boolean query,
        @Nullable LogRotation rotate,
        int sample,
        List<String> headers) {
    /** All of it in a file. */
    public LogSettings(@Nullable Path file, LogFormat format, boolean query) {
        this(file, null, format, "", query, null, 1, List.of());
    }

    /** Where it goes, for messages. */
    public String destination() {
        return file != null ? file.toString() : syslog != null ? syslog.toString() : "on standard output";
    }
}
