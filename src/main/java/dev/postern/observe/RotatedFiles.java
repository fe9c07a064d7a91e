package dev.postern.observe;

import dev.postern.config.LogRotation;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a log that were put away: {@code access.log.20260102T030405Z}, compressed {@code .gz}, of which only so many stay.
 * Whatever goes wrong with them, writing goes on. The writing thread only, but for what compresses.
 */
final class RotatedFiles {
    private static final Logger LOG = LoggerFactory.getLogger(RotatedFiles.class);

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ENGLISH).withZone(ZoneOffset.UTC);
    private static final String COMPRESSED = ".gz";
    /** Is not there, or is half of one: whoever finds it may remove it. */
    private static final String BEING_MADE = ".gz.tmp";

    private final Path file;
    private final LogRotation rule;
    private final Executor work;

    RotatedFiles(Path file, LogRotation rule, Executor work) {
        this.file = file;
        this.rule = rule;
        this.work = work;
    }

    /** When the file was begun, as far as the disk knows; {@code otherwise} where it does not. */
    Instant begun(Instant otherwise) {
        try {
            Instant made = Files.readAttributes(file, BasicFileAttributes.class)
                    .creationTime()
                    .toInstant();
            return made.isAfter(otherwise) ? otherwise : made;
        } catch (IOException e) {
            return otherwise;
        }
    }

    /** @param begun when the file was */
    boolean isDue(long size, Instant begun, Instant now) {
        Duration age = rule.age();
        return size > 0
                && ((rule.size() > 0 && size >= rule.size())
                        || (age != null && !begun.plus(age).isAfter(now)));
    }

    /**
     * Puts the file away; whoever writes then begins a new one.
     *
     * @throws IOException where it stays where it is
     */
    void putAway(Instant now) throws IOException {
        String name = file.getFileName() + "." + STAMP.format(now);
        Path away = file.resolveSibling(name);
        for (int i = 1; Files.exists(away) || Files.exists(away.resolveSibling(away.getFileName() + COMPRESSED)); i++) {
            away = file.resolveSibling(name + "-" + i);
        }
        Files.move(file, away);
        Path moved = away;
        try {
            work.execute(() -> lookAfter(moved));
        } catch (RejectedExecutionException e) {
            LOG.debug("access log {}: {} stays as it is", file, moved);
        }
    }

    private void lookAfter(Path away) {
        try {
            if (rule.compress()) {
                compress(away);
            }
            removeOldest();
        } catch (IOException e) {
            LOG.warn("access log {}: {}: {}; the file stays", file, away.getFileName(), e.toString());
        }
    }

    private static void compress(Path away) throws IOException {
        Path made = away.resolveSibling(away.getFileName() + BEING_MADE);
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(made), 64 * 1024)) {
            Files.copy(away, out);
        } catch (IOException e) {
            Files.deleteIfExists(made);
            throw e;
        }
        Files.move(made, away.resolveSibling(away.getFileName() + COMPRESSED), StandardCopyOption.ATOMIC_MOVE);
        Files.delete(away);
    }

    private void removeOldest() throws IOException {
        Pattern ours = Pattern.compile(
                Pattern.quote(String.valueOf(file.getFileName())) + "\\.[0-9]{8}T[0-9]{6}Z(-[0-9]+)?(\\.gz)?");
        Path folder = file.toAbsolutePath().getParent();
        List<Path> all;
        try (Stream<Path> files = Files.list(folder)) {
            all = files.filter(
                            each -> ours.matcher(each.getFileName().toString()).matches())
                    .sorted()
                    .toList();
        }
        for (Path old : all.subList(0, Math.max(0, all.size() - rule.keep()))) {
            Files.deleteIfExists(old);
        }
    }
}
