package dev.postern.config.read;

import dev.postern.config.Durations;
import dev.postern.config.LogFormat;
import dev.postern.config.LogPattern;
import dev.postern.config.LogRotation;
import dev.postern.config.LogSettings;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Scalar;
import dev.postern.config.SiteLog;
import dev.postern.config.Sizes;
import dev.postern.config.Spelling;
import dev.postern.config.Syslog;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads {@code access-log}. */
final class AccessLogReader {
    private static final List<String> KEYS = List.of("to", "format", "query", "rotate", "sample", "headers");
    private static final List<String> ROTATE = List.of("size", "age", "keep", "compress");

    private static final String UDP = "syslog+udp://";
    private static final String TCP = "syslog+tcp://";
    private static final String UNIX = "syslog:";
    /** {@code sun_path} of unix(7), without the zero at its end. */
    private static final int LONGEST_SOCKET = 107;

    /** A file is put away within a second of being written to: a smaller one would be nothing but that. */
    private static final Scalar<Long> SIZE = Sizes.between(64L << 10, 1L << 40);

    private static final Duration SHORTEST_AGE = Duration.ofMinutes(1);

    /** As in logrotate of Debian's packages. */
    private static final int KEEP = 14;

    private record To(@Nullable Path file, @Nullable Syslog syslog) {
        static final To STDOUT = new To(null, null);

        /** Null where it is as in the file. */
        @Nullable String text() {
            return file == null ? null : file.toString();
        }
    }

    private record Format(LogFormat format, String pattern) {}

    private static final Scalar<To> TO = new Scalar<To>(
                    "stdout, the path of a file, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT or syslog:/dev/log",
                    AccessLogReader::to)
            .spelled(Spelling.form(Spelling.ANY, To::text).or("stdout", To.STDOUT));

    private static final List<LogFormat> WORDS = Stream.of(LogFormat.values())
            .filter(format -> format != LogFormat.CUSTOM)
            .toList();

    private static final Scalar<Format> FORMAT = new Scalar<Format>(
                    "json, common, combined, ecs, or a text with fields in braces such as \"{client} {method} {status}\"",
                    AccessLogReader::format)
            .spelled(spelling());

    private AccessLogReader() {}

    private static Spelling<Format> spelling() {
        Spelling<Format> spelling = Spelling.form(".*\\{.*", Format::pattern);
        for (LogFormat each : WORDS) {
            spelling = spelling.or(each.text(), new Format(each, ""));
        }
        return spelling;
    }

    /** Null where the file has no such section: then nothing is logged. */
    static @Nullable LogSettings read(Section file) {
        return file.has("access-log") ? read(file.place("access-log")) : null;
    }

    /** Null where the site has no word about it; {@code off}, or a log of its own. */
    static @Nullable SiteLog ofSite(Section site) {
        Value value = site.find("access-log");
        if (value == null) {
            return null;
        }
        return value.isText("off") ? new SiteLog(null) : new SiteLog(read(value));
    }

    private static LogSettings read(Value at) {
        Section log = Section.of(at, KEYS);
        To to = log.get("to", TO, To.STDOUT);
        Format format = log.get("format", FORMAT, new Format(LogFormat.JSON, ""));
        LogRotation rotate = log.has("rotate") ? rotate(log.section("rotate", ROTATE)) : null;
        if (rotate != null && to.file == null) {
            log.place("rotate").problem("goes with a file only (expected: no rotate here)");
        }
        List<String> headers = headers(log.find("headers"));
        if (!headers.isEmpty() && (format.format == LogFormat.COMMON || format.format == LogFormat.COMBINED)) {
            log.place("headers")
                    .problem("have no place in " + format.format.text()
                            + " (expected: format: json, ecs or one of your own)");
        }
        return new LogSettings(
                to.file,
                to.syslog,
                format.format,
                format.pattern,
                log.get("query", Scalar.BOOLEAN, true),
                rotate,
                log.get("sample", Scalar.wholeNumber(1, 1_000_000), 1),
                headers);
    }

    private static LogRotation rotate(Section rotate) {
        Long size = rotate.find("size", SIZE);
        Duration age = rotate.find("age", Durations.POSITIVE);
        if (age != null && age.compareTo(SHORTEST_AGE) < 0) {
            rotate.place("age")
                    .problem(Durations.text(age) + " is too short (expected: at least " + Durations.text(SHORTEST_AGE)
                            + ")");
        }
        if (rotate.at().isMapping() && !rotate.has("size") && !rotate.has("age")) {
            rotate.at().problem("says neither size nor age (expected: one of them, or both)");
        }
        return new LogRotation(
                size == null ? 0 : size,
                age,
                rotate.get("keep", Scalar.wholeNumber(1, 10_000), KEEP),
                rotate.get("compress", Scalar.BOOLEAN, true));
    }

    private static List<String> headers(@Nullable Value value) {
        List<String> headers = new ArrayList<>();
        if (value != null) {
            for (Value item : value.itemsOrOne("a list of header names such as [X-Tenant, Accept-Language]")) {
                String name = item.text("the name of a header");
                if (name != null && !name.matches(FieldText.TOKEN)) {
                    item.problem(item.quoted(name) + " is no name of a header (expected: letters, digits and hyphens)");
                } else if (name != null) {
                    headers.add(name.toLowerCase(Locale.ROOT));
                }
            }
        }
        return List.copyOf(headers);
    }

    private static To to(String text, Path folder) throws NotUnderstood {
        if (text.equals("stdout")) {
            return To.STDOUT;
        }
        if (text.startsWith(UDP) || text.startsWith(TCP)) {
            boolean udp = text.startsWith(UDP);
            ServerAddress address = ServerAddress.parse(text.substring(UDP.length()));
            return new To(
                    null,
                    new Syslog(udp ? Syslog.Transport.UDP : Syslog.Transport.TCP, address.host(), address.port()));
        }
        if (text.startsWith(UNIX)) {
            String path = text.substring(UNIX.length());
            if (!path.startsWith("/") || path.getBytes(StandardCharsets.UTF_8).length > LONGEST_SOCKET) {
                throw new NotUnderstood("has no absolute path of at most " + LONGEST_SOCKET + " bytes");
            }
            return new To(null, new Syslog(Syslog.Transport.UNIX, path, 0));
        }
        return new To(FilePath.writable(text, folder), null);
    }

    private static Format format(String text) throws NotUnderstood {
        if (text.indexOf('{') >= 0) {
            // What is wrong with it is said now.
            LogPattern unused = LogPattern.parse(text);
            return new Format(LogFormat.CUSTOM, text);
        }
        for (LogFormat each : WORDS) {
            if (each.text().equals(text)) {
                return new Format(each, "");
            }
        }
        throw new NotUnderstood("");
    }
}
