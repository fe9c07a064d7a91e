package dev.postern.config.read;

import dev.postern.config.Configuration.AccessLog;
import dev.postern.config.LogFormat;
import dev.postern.config.Scalar;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads {@code access-log}. */
final class AccessLogReader {
    private static final List<String> KEYS = List.of("to", "format", "query");

    private static final Scalar<Optional<Path>> TO = new Scalar<>(
            "stdout or the path of a file",
            (text, folder) -> text.equals("stdout") ? Optional.empty() : Optional.of(FilePath.writable(text, folder)));

    private static final Scalar<LogFormat> FORMAT = Scalar.oneOf(List.of(LogFormat.values()), LogFormat::text);

    private AccessLogReader() {}

    /** Null where the file has no such section: then nothing is logged. */
    static @Nullable AccessLog read(Section file) {
        if (!file.has("access-log")) {
            return null;
        }
        Section log = file.section("access-log", KEYS);
        return new AccessLog(
                log.get("to", TO, Optional.empty()).orElse(null),
                log.get("format", FORMAT, LogFormat.JSON),
                log.get("query", Scalar.BOOLEAN, true));
    }
}
