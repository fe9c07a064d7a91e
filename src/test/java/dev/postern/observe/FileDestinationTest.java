package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.postern.config.LogRotation;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.HandClock;
import dev.postern.testing.SmallDisk;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log loses no line for being put away, whoever else writes into it, and whatever fails meanwhile. */
class FileDestinationTest {
    private static final LogRotation AT_TEN_BYTES = new LogRotation(10, null, 9, true);

    private final HandClock clock = new HandClock(Instant.parse("2026-01-02T03:04:05Z"));

    @TempDir
    private Path directory;

    private FileDestination open(Path file, LogRotation rule) throws IOException {
        return FileDestination.open(file, rule, clock, Runnable::run);
    }

    private Path log() {
        return directory.resolve("access.log");
    }

    private static void write(LogDestination to, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        to.write(bytes, bytes.length);
    }

    private static List<String> files(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    private static String unpacked(Path file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    // As with a successor, or a log whose format a reload has changed: the one before put the file of the other away.
    @Test
    void ofTwoThatWriteIntoOneFileOnePutsItAwayAndTheOtherFollows() throws Exception {
        FileDestination before = open(log(), AT_TEN_BYTES);
        FileDestination after = open(log(), AT_TEN_BYTES);

        write(before, "before 1\n");
        write(after, "after 1\n");
        clock.advance(Duration.ofSeconds(1));
        write(before, "b 2\n");
        write(after, "a 2\n");
        assertThat(log()).hasContent("b 2\na 2\n");
        write(before, "before 3\n");
        write(after, "after 4\n");
        before.close();
        after.close();

        assertThat(files(directory))
                .containsExactly("access.log", "access.log.20260102T030405Z.gz", "access.log.20260102T030406Z");
        assertThat(unpacked(directory.resolve("access.log.20260102T030405Z.gz")))
                .isEqualTo("before 1\nafter 1\n");
        assertThat(directory.resolve("access.log.20260102T030406Z")).hasContent("b 2\na 2\nbefore 3\n");
        assertThat(log()).hasContent("after 4\n");
    }

    // It has looked at the name before its batch, and looks again while it has the file locked.
    @Test
    void whatAnotherPutsAwayDuringABatchIsNotPutAwayTwice() throws Exception {
        FileDestination other = open(log(), AT_TEN_BYTES);
        Deque<ThrowingCallable> looksAtTheClock = new ArrayDeque<>();
        FileDestination one = FileDestination.open(
                log(),
                AT_TEN_BYTES,
                () -> {
                    ThrowingCallable meanwhile = looksAtTheClock.poll();
                    if (meanwhile != null) {
                        assertThatCode(meanwhile).doesNotThrowAnyException();
                    }
                    return clock.instant();
                },
                Runnable::run);
        looksAtTheClock.add(() -> assertThat(log()).isEmptyFile());
        looksAtTheClock.add(() -> write(other, "a long line\n"));

        write(one, "one\n");
        one.close();
        other.close();

        assertThat(looksAtTheClock).isEmpty();
        assertThat(files(directory)).containsExactly("access.log", "access.log.20260102T030405Z");
        assertThat(directory.resolve("access.log.20260102T030405Z")).hasContent("one\na long line\n");
    }

    // As a process that has been replaced, whose last exchange ends when its successor has put the file away twice: the
    // line
    // went into one that was compressed and deleted.
    @Test
    void whoeverWroteNothingForTwoRotationsLosesNoLine() throws Exception {
        FileDestination idle = open(log(), AT_TEN_BYTES);
        FileDestination busy = open(log(), AT_TEN_BYTES);
        write(busy, "a long line\n");
        clock.advance(Duration.ofSeconds(1));
        write(busy, "another long line\n");

        write(idle, "late\n");
        idle.close();
        busy.close();

        assertThat(log()).hasContent("late\n");
    }

    // What compresses may be late, as behind a large file: the other has put one away meanwhile, and not everybody
    // knows.
    @Test
    void whatIsPutAwayAfterwardsIsLeftToWhoeverDidIt() throws Exception {
        Deque<Runnable> work = new ArrayDeque<>();
        LogRotation rule = new LogRotation(10, null, 1, true);
        FileDestination before = FileDestination.open(log(), rule, clock, work::add);
        FileDestination after = FileDestination.open(log(), rule, clock, work::add);
        write(before, "before 1\n");
        write(before, "before 2\n");
        clock.advance(Duration.ofSeconds(1));
        write(after, "after\n");
        write(after, "a long line after\n");
        before.close();
        after.close();

        work.removeFirst().run();

        assertThat(files(directory))
                .containsExactly("access.log", "access.log.20260102T030405Z", "access.log.20260102T030406Z");
        work.removeFirst().run();
        assertThat(files(directory)).containsExactly("access.log", "access.log.20260102T030406Z");
    }

    @Test
    void whereTheFileIsGoneOnlyANewOneIsBegun() throws Exception {
        FileDestination file = open(log(), AT_TEN_BYTES);
        write(file, "one\n");
        Files.delete(log());

        write(file, "two\n");
        file.close();

        assertThat(files(directory)).containsExactly("access.log");
        assertThat(log()).hasContent("two\n");
    }

    @Test
    void whereItsFolderIsGoneItIsWrittenOnAndFollowedAMinuteAfterThatIsBack() throws Exception {
        Path folder = Files.createDirectory(directory.resolve("log"));
        Path moved = directory.resolve("moved");
        try (CapturedLog said = CapturedLog.begin()) {
            FileDestination file = open(folder.resolve("access.log"), AT_TEN_BYTES);
            Files.move(folder, moved);
            write(file, "one\n");
            Files.createDirectory(folder);
            write(file, "two\n");
            clock.advance(Duration.ofSeconds(61));
            write(file, "three\n");
            file.close();

            assertThat(said.lines("was moved or removed, and another cannot be opened"))
                    .as("not with every batch")
                    .hasSize(1);
        }
        assertThat(moved.resolve("access.log")).hasContent("one\ntwo\n");
        assertThat(folder.resolve("access.log")).hasContent("three\n");
    }

    // A name was free to be given, but no new file to be had: what came then went into one that was compressed and
    // deleted.
    @Test
    void whereNoNewFileCanBeMadeTheOldOneKeepsItsNameAndAllLines() throws Exception {
        Path at = directory.resolve("disk");
        try (SmallDisk disk = SmallDisk.mount(at);
                CapturedLog said = CapturedLog.begin()) {
            Path log = at.resolve("access.log");
            FileDestination file = open(log, AT_TEN_BYTES);
            disk.takesNoMoreFiles();

            write(file, "a long line\n");
            write(file, "two\n");
            write(file, "three\n");

            assertThat(log).hasContent("a long line\ntwo\nthree\n");
            assertThat(said.lines("cannot be put away"))
                    .as("not with every batch")
                    .hasSize(1);
            disk.takesFilesAgain();
            clock.advance(Duration.ofSeconds(61));
            write(file, "four\n");
            write(file, "five\n");
            file.close();
            assertThat(files(at)).containsExactly("access.log", "access.log.20260102T030506Z");
            assertThat(at.resolve("access.log.20260102T030506Z")).hasContent("a long line\ntwo\nthree\nfour\n");
            assertThat(log).hasContent("five\n");
        }
    }

    // With an hour of age and a reload every half an hour it was never put away.
    @Test
    void whatIsOpenedAnewAndIsTheSameFileIsAsOldAsItWas() throws Exception {
        FileDestination file = open(log(), new LogRotation(0, Duration.ofHours(1), 9, false));
        write(file, "one\n");
        clock.advance(Duration.ofMinutes(59));
        file.reopen();
        clock.advance(Duration.ofMinutes(2));

        write(file, "two\n");
        file.close();

        assertThat(files(directory)).containsExactly("access.log", "access.log.20260102T040505Z");
    }

    @Test
    void anotherFileOfTheSameNameIsAsOldAsThatIs() throws Exception {
        FileDestination file = open(log(), new LogRotation(0, Duration.ofHours(1), 9, false));
        write(file, "one\n");
        clock.advance(Duration.ofMinutes(59));
        Files.move(log(), directory.resolve("moved"));
        file.reopen();
        clock.advance(Duration.ofMinutes(2));

        write(file, "two\n");
        file.close();

        assertThat(files(directory)).containsExactly("access.log", "moved");
    }

    // It was tried again when another whole age was over.
    @Test
    void whatIsOldAndCouldNotBePutAwayIsPutAwayAMinuteLater() throws Exception {
        Path at = directory.resolve("disk");
        try (SmallDisk disk = SmallDisk.mount(at)) {
            FileDestination file = open(at.resolve("access.log"), new LogRotation(0, Duration.ofHours(1), 9, false));
            write(file, "one\n");
            disk.takesNoMoreFiles();
            clock.advance(Duration.ofHours(1));
            write(file, "two\n");
            disk.takesFilesAgain();
            clock.advance(Duration.ofSeconds(61));

            write(file, "three\n");
            file.close();

            assertThat(files(at)).containsExactly("access.log", "access.log.20260102T040506Z");
        }
    }

    @Test
    void whatAStopHasLeftHalfDoneIsDoneWithTheNextRotation() throws Exception {
        Files.writeString(directory.resolve("access.log.20260101T000000Z"), "whole\n");
        Files.writeString(directory.resolve("access.log.20260101T000000Z.gz.tmp"), "hal");
        Files.writeString(directory.resolve("access.log.20260101T000000Z.gz.123456.tmp"), "hal");
        Files.writeString(directory.resolve("access.log.20260101T000000Z.gz.mine.tmp"), "of somebody");
        FileDestination file = open(log(), AT_TEN_BYTES);

        write(file, "a long line\n");
        file.close();

        assertThat(files(directory))
                .containsExactly(
                        "access.log",
                        "access.log.20260101T000000Z.gz",
                        "access.log.20260101T000000Z.gz.mine.tmp",
                        "access.log.20260102T030405Z");
        assertThat(unpacked(directory.resolve("access.log.20260101T000000Z.gz")))
                .isEqualTo("whole\n");
    }

    @Test
    void theOldestGoEvenOfMoreThanTenOfOneSecond() throws Exception {
        FileDestination file = open(log(), new LogRotation(1, null, 2, true));

        for (int i = 0; i <= 11; i++) {
            write(file, i + "\n");
        }
        file.close();

        assertThat(files(directory))
                .containsExactly("access.log", "access.log.20260102T030405Z-10.gz", "access.log.20260102T030405Z-11");
    }

    @Test
    void whatIsCompressedIsReadByWhoeverCouldReadIt() throws Exception {
        FileDestination file = open(log(), AT_TEN_BYTES);
        Files.setPosixFilePermissions(log(), PosixFilePermissions.fromString("rw-r-----"));

        write(file, "a long line\n");
        clock.advance(Duration.ofSeconds(1));
        write(file, "another long line\n");
        file.close();

        assertThat(Files.getPosixFilePermissions(directory.resolve("access.log.20260102T030405Z.gz")))
                .isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
    }
}
