package dev.postern.http.message;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeadWriterTest {
    private final HeadWriter writer = new HeadWriter();

    private String written() {
        return new String(writer.array(), 0, writer.length(), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 9, 10, 99, 100, 200, 999, 1000, 65535, 1L << 40, Long.MAX_VALUE - 7, Long.MAX_VALUE})
    void numberIsWrittenInDecimal(long number) {
        writer.begin().number(number);
        assertEquals(Long.toString(number), written());
    }

    @Test
    void textIsLatinAndNothingElseBecomesALineEnd() {
        writer.begin().text("a\u00e9\u00ff \u010a\u010d\u203a\ud83d\ude00");
        assertEquals("a\u00e9\u00ff ?????", written());
    }

    @Test
    void textAndNumbersThatAreLongMakeRoom() {
        String text = "x".repeat(8190);
        writer.begin().text(text).number(123_456).text(text);
        assertEquals(text + "123456" + text, written());
    }
}
