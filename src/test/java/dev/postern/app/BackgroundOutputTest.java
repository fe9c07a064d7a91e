package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The log of a daemon, of which others may write to the same place. */
class BackgroundOutputTest {
    private final List<String> pieces = new ArrayList<>();
    private final List<Throwable> told = new ArrayList<>();
    private final BackgroundOutput.Lines lines = new BackgroundOutput.Lines(
            new OutputStream() {
                @Override
                public void write(int octet) {
                    pieces.add(Character.toString(octet));
                }

                @Override
                public void write(byte[] bytes, int from, int length) {
                    pieces.add(new String(bytes, from, length, StandardCharsets.UTF_8));
                }
            },
            told::add);

    @Test
    void lineIsWrittenInOnePieceWithItsEnd() {
        lines.println("INFO ready");
        lines.println((Object) "ä");
        lines.println((String) null);

        assertThat(pieces).containsExactly("INFO ready\n", "ä\n", "null\n");
    }

    @Test
    void whatIsPrintedWithItsStackIsTold() {
        Exception thrown = new IllegalStateException("no");

        thrown.printStackTrace(lines);

        assertThat(told).contains(thrown);
        assertThat(pieces.get(0)).isEqualTo("java.lang.IllegalStateException: no\n");
        assertThat(pieces).allMatch(piece -> piece.endsWith("\n"));
    }
}
