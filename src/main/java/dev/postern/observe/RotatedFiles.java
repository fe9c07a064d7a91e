package dev.postern.observe;

import dev.postern.config.LogRotation;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a log that were put away: {@code access.log.20260102T030405Z}, compressed {@code .gz}, of which only so many stay.
 * The last one is compressed when the next one is put away: until then whoever has not heard of it may write into it. What a
 * stop has left half done is done then, too. Whatever goes wrong with them, writing goes on. The writing thread only, but for what
 * compresses.
 */
final class RotatedFiles {
    private static final Logger LOG = LoggerFactory.getLogger(RotatedFiles.class);

    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ENGLISH).withZone(ZoneOffset.UTC);
    private static final String COMPRESSED = ".gz";
    /** Half of one, with a number in front: whoever finds it may remove it. */
    private static final String BEING_MADE = ".tmp";

    private final Path file;
    private final Pattern ours;
    private final LogRotation rule;
    private final Executor work;

    /**
     * One of them.
     *
     * @param number of those of the same second
     * @param ending empty, {@link #COMPRESSED}, or that of one that is being made
     */
    record PutAway(Path path, String stamp, int number, String ending) {
        private static final Comparator<PutAway> BY_AGE =
                Comparator.comparing(PutAway::stamp).thenComparingInt(PutAway::number);

        private boolean isHalfMade() {
            return ending.endsWith(BEING_MADE);
        }

        private boolean isBefore(PutAway other) {
            return BY_AGE.compare(this, other) < 0;
        }
    }

    RotatedFiles(Path file, LogRotation rule, Executor work) {
        this.file = file;
        this.ours = Pattern.compile(Pattern.quote(String.valueOf(file.getFileName()))
                + "\\.([0-9]{8}T[0-9]{6}Z)(?:-([0-9]{1,9}))?(|\\.gz|\\.gz\\.([0-9]+\\.)?tmp)");
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
     * @return as what
     * @throws IOException where it stays where it is
     */
    PutAway putAway(Instant now) throws IOException {
        String stamp = STAMP.format(now);
        // One more than the last of this second: a smaller number may be free again, and would pass for older.
        int number = all().stream()
                .filter(one -> one.stamp.equals(stamp))
                .mapToInt(one -> one.number + 1)
                .max()
                .orElse(0);
        Path away = file.resolveSibling(file.getFileName() + "." + stamp + (number == 0 ? "" : "-" + number));
        return new PutAway(Files.move(file, away), stamp, number, "");
    }

    /** There is no new one to be had. */
    void bringBack(PutAway away) {
        try {
            var unused = Files.move(away.path, file);
        } catch (IOException e) {
            LOG.warn("access log {}: is called {} from now on: {}", file, away.path.getFileName(), e.toString());
        }
    }

    /** Compresses and removes, on a thread of its own. What was put away later is left to whoever did it. */
    void lookAfterThoseBefore(PutAway last) {
        try {
            work.execute(() -> lookAfter(last));
        } catch (RejectedExecutionException e) {
            LOG.debug("access log {}: {} and those before it stay as they are", file, last.path);
        }
    }

    private synchronized void lookAfter(PutAway last) {
        try {
            for (PutAway one : before(last)) {
                if (one.isHalfMade()) {
                    Files.deleteIfExists(one.path);
                } else if (rule.compress() && one.ending.isEmpty()) {
                    compress(one.path);
                }
            }
            removeOldest(last);
        } catch (IOException e) {
            LOG.warn("access log {}: {}; what was put away stays as it is", file, e.toString());
        }
    }

    /** Where it fails, which may be for want of room, the oldest are removed all the same. */
    private void compress(Path away) {
        try {
            // A name of its own: another process may be at it. As the file itself it is not for everybody.
            Path made = Files.createTempFile(
                    away.toAbsolutePath().getParent(),
                    away.getFileName() + COMPRESSED + ".",
                    BEING_MADE,
                    PosixFilePermissions.asFileAttribute(Files.getPosixFilePermissions(away)));
            try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(made), 64 * 1024)) {
                Files.copy(away, out);
            } catch (IOException e) {
                Files.deleteIfExists(made);
                throw e;
            }
            Files.move(made, away.resolveSibling(away.getFileName() + COMPRESSED), StandardCopyOption.ATOMIC_MOVE);
            Files.deleteIfExists(away);
        } catch (IOException e) {
            LOG.warn("access log {}: {}: {}; the file stays", file, away.getFileName(), e.toString());
        }
    }

    private void removeOldest(PutAway last) throws IOException {
        List<PutAway> before =
                before(last).stream().filter(one -> !one.isHalfMade()).toList();
        for (PutAway old : before.subList(0, Math.max(0, before.size() - (rule.keep() - 1)))) {
            Files.deleteIfExists(old.path);
        }
    }

    /** The oldest first. */
    private List<PutAway> before(PutAway last) throws IOException {
        return all().stream()
                .filter(one -> one.isBefore(last))
                .sorted(PutAway.BY_AGE)
                .toList();
    }

    private List<PutAway> all() throws IOException {
        // As the paths of this log are: with the folder that it was configured with, or with none.
        try (Stream<Path> files = Files.list(file.toAbsolutePath().getParent())) {
            return files.map(each -> ours.matcher(each.getFileName().toString()))
                    .filter(Matcher::matches)
                    .map(name -> new PutAway(
                            file.resolveSibling(name.group()),
                            name.group(1),
                            name.group(2) == null ? 0 : Integer.parseInt(name.group(2)),
                            name.group(3)))
                    .toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
