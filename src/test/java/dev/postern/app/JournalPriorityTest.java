package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the journal is told. */
class JournalPriorityTest {
    @Test
    void everyLineSaysHowSeriousItIs() {
        assertThat(JournalPriority.prefixed("2026-12-01T04:01:14.049Z WARN Delivery - a\n\tat b"))
                .isEqualTo("<4>2026-12-01T04:01:14.049Z WARN Delivery - a\n<4>\tat b");
        assertThat(JournalPriority.prefixed("2026-12-01T04:01:14.049Z ERROR Edge - a"))
                .startsWith("<3>");
        assertThat(JournalPriority.prefixed("2026-12-01T04:01:14.049Z DEBUG Edge - a"))
                .startsWith("<7>");
        assertThat(JournalPriority.prefixed("something: WARN else")).startsWith("<6>");
    }

    @Test
    void onlyTheStreamOfTheJournalIsToldSo() throws Exception {
        Path standardError = Path.of("/proc/self/fd/2");
        String stream =
                Files.getAttribute(standardError, "unix:dev") + ":" + Files.getAttribute(standardError, "unix:ino");

        assertThat(JournalPriority.isAsked(stream)).isTrue();
        assertThat(JournalPriority.isAsked("1:2")).isFalse();
        assertThat(JournalPriority.isAsked("")).isFalse();
    }

    @Test
    void linesAreWrittenWithItWhereItIsAskedFor() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (BackgroundOutput.Lines lines = new BackgroundOutput.Lines(out, true, thrown -> {})) {
            lines.println("2026-12-01T04:01:14.049Z WARN Edge - a");
        }

        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo("<4>2026-12-01T04:01:14.049Z WARN Edge - a" + System.lineSeparator());
    }
}
