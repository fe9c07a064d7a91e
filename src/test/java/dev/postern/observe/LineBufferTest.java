package dev.postern.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class LineBufferTest {
    private static final int LONGEST = 40;

    /** What is copied as a whole is what is escaped octet by octet, whatever is in it, and wherever. */
    @Property
    void octetsAreEscapedAsAnyText(@ForAll byte[] octets) {
        assertThatBothAreTheSame(octets);
    }

    @Test
    void eachOctetIsFoundInEachPlace() {
        for (int length = 1; length < 20; length++) {
            for (int place = 0; place < length; place++) {
                for (int value = 0; value < 256; value++) {
                    byte[] octets = new byte[length];
                    Arrays.fill(octets, (byte) 'a');
                    octets[place] = (byte) value;
                    assertThatBothAreTheSame(octets);
                }
            }
        }
    }

    private static void assertThatBothAreTheSame(byte[] octets) {
        String text = new String(octets, StandardCharsets.ISO_8859_1);
        assertThat(text(new LineBuffer().ascii("key:").octets(text, LONGEST)))
                .isEqualTo(text(new LineBuffer().ascii("key:").json(text, LONGEST)));
    }

    private static String text(LineBuffer line) {
        return new String(line.bytes(), 0, line.length(), StandardCharsets.UTF_8);
    }
}
