package dev.postern.config;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PlainTextTest {
    /** Clear the screen as an 8-bit terminal does it, turn the direction, begin a line, half a pair. */
    private static final String EVIL = "a\u009b2J\u001b[2Jb\u202Ec\u2028d\r\ne\uD800f\u200Bg\u007f";

    @Test
    void oneLineHasNothingThatATerminalObeys() {
        assertThat(PlainText.line(EVIL)).isEqualTo("a\\u009b2J\\u001b[2Jb\\u202ec d e\\ud800f\\u200bg\\u007f");
        assertThat(PlainText.line("  größer \t als 日本 \uD83D\uDE00 \n")).isEqualTo("größer als 日本 \uD83D\uDE00");
    }

    @Test
    void linesStayLines() {
        assertThat(PlainText.lines("one\n\ttwo\n")).isEqualTo("one\n\ttwo\n");
        assertThat(PlainText.lines(EVIL))
                .isEqualTo("a\\u009b2J\\u001b[2Jb\\u202ec\\u2028d\\u000d\ne\\ud800f\\u200bg\\u007f");
    }

    @Property
    void whateverComesNothingInvisibleIsLeft(@ForAll String text) {
        assertThat(PlainText.line(text).codePoints()).noneMatch(PlainText::isInvisible);
        assertThat(PlainText.lines(text).codePoints())
                .noneMatch(c -> c != '\n' && c != '\t' && PlainText.isInvisible(c));
        assertThat(PlainText.lines(PlainText.lines(text))).isEqualTo(PlainText.lines(text));
    }
}
