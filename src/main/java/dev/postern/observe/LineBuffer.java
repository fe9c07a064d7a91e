package dev.postern.observe;

import dev.postern.config.PlainText;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Puts a line together in an array that grows and is used again. Whatever is put in: no line can forge another. */
final class LineBuffer {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HEX_UPPER = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ELLIPSIS = "…".getBytes(StandardCharsets.UTF_8);

    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final long EACH = 0x0101_0101_0101_0101L;
    private static final long HIGHEST = 0x8080_8080_8080_8080L;

    private static final long NANOS_PER_MICRO = 1000;

    private byte[] bytes = new byte[1024];
    private int length;

    void clear() {
        length = 0;
    }

    /** Good until the next change. */
    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    LineBuffer ascii(char c) {
        room(1);
        bytes[length++] = (byte) c;
        return this;
    }

    /** ASCII without anything that would need escaping. */
    @SuppressWarnings("deprecation") // The one that copies ASCII without a detour.
    LineBuffer ascii(String text) {
        int count = text.length();
        room(count);
        text.getBytes(0, count, bytes, length);
        length += count;
        return this;
    }

    LineBuffer ascii(byte[] text) {
        room(text.length);
        System.arraycopy(text, 0, bytes, length, text.length);
        length += text.length;
        return this;
    }

    LineBuffer number(long value) {
        if (value < 0) {
            return ascii(Long.toString(value));
        }
        int digits = 1;
        for (long left = value / 10; left > 0; left /= 10) {
            digits++;
        }
        room(digits);
        long left = value;
        for (int i = length + digits - 1; i >= length; i--) {
            bytes[i] = (byte) ('0' + left % 10);
            left /= 10;
        }
        length += digits;
        return this;
    }

    /** Milliseconds with three decimals. */
    LineBuffer millis(long nanos) {
        long micros = nanos / NANOS_PER_MICRO;
        return number(micros / 1000).ascii('.').threeDigits((int) (micros % 1000));
    }

    /** @param value below a thousand */
    LineBuffer threeDigits(int value) {
        room(3);
        bytes[length++] = (byte) ('0' + value / 100);
        bytes[length++] = (byte) ('0' + value / 10 % 10);
        bytes[length++] = (byte) ('0' + value % 10);
        return this;
    }

    /**
     * A JSON string, quotes and all, <a href="https://datatracker.ietf.org/doc/html/rfc8259#section-7">RFC 8259 §7</a>.
     * What is UTF-8 stays so; what is not becomes U+FFFD. Controls, those beyond ASCII too, are escaped: a log is looked
     * at on terminals.
     *
     * @param text octets, as ISO 8859-1; nothing but
     * @param longest more octets than that are cut off
     */
    @SuppressWarnings("deprecation") // The one that copies ISO 8859-1 without a detour.
    LineBuffer octets(String text, int longest) {
        int end = text.length();
        if (end <= longest) {
            // Nearly always there is nothing to escape.
            room(end + 2);
            int from = length + 1;
            text.getBytes(0, end, bytes, from);
            if (isPlain(bytes, from, from + end)) {
                bytes[length] = '"';
                bytes[from + end] = '"';
                length += end + 2;
                return this;
            }
        }
        return json(text, longest);
    }

    /** Whether all of them are printable ASCII, and none is to be escaped. Eight at a time. */
    private static boolean isPlain(byte[] bytes, int from, int to) {
        int at = from;
        long odd = 0;
        for (; at + Long.BYTES <= to; at += Long.BYTES) {
            long eight = (long) EIGHT.get(bytes, at);
            // In each octet the highest bit: of itself; below a space; of what is 0 but for a quote, a backslash, DEL.
            odd |= eight
                    | (eight - EACH * ' ')
                    | ((eight ^ EACH * '"') - EACH)
                    | ((eight ^ EACH * '\\') - EACH)
                    | ((eight ^ EACH * 0x7f) - EACH);
        }
        boolean plain = (odd & HIGHEST) == 0;
        for (; at < to; at++) {
            byte b = bytes[at];
            plain &= b >= ' ' && b != '"' && b != '\\' && b != 0x7f;
        }
        return plain;
    }

    /** As {@link #octets}; of a character that is no octet a question mark comes. */
    LineBuffer json(String text, int longest) {
        ascii('"');
        int end = Math.min(text.length(), longest);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c > 0x7e) {
                // From here on octet by octet would be wrong.
                jsonUnicode(text.substring(i, end));
                break;
            }
            jsonAscii(c);
        }
        if (text.length() > end) {
            ascii(ELLIPSIS);
        }
        return ascii('"');
    }

    private void jsonAscii(char c) {
        if (c == '"' || c == '\\') {
            ascii('\\').ascii(c);
        } else if (c < ' ') {
            unicodeEscape(c);
        } else {
            ascii(c);
        }
    }

    private void jsonUnicode(String octets) {
        String text = new String(octets.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        text.codePoints().forEach(c -> {
            if (c < 0x7f) {
                jsonAscii((char) c);
            } else if (isInvisible(c)) {
                unicodeEscape(c);
            } else {
                ascii(Character.toString(c).getBytes(StandardCharsets.UTF_8));
            }
        });
    }

    /** DEL and the C1 controls, line separators, and what changes the direction of what follows. */
    private static boolean isInvisible(int c) {
        return c <= 0xffff && PlainText.isInvisible(c);
    }

    private void unicodeEscape(int c) {
        room(6);
        bytes[length++] = '\\';
        bytes[length++] = 'u';
        for (int shift = 12; shift >= 0; shift -= 4) {
            bytes[length++] = HEX[c >> shift & 0xf];
        }
    }

    /**
     * As nginx escapes: quotes, backslashes, and every octet that is not printable ASCII become {@code \xHH}.
     *
     * @param text octets, as ISO 8859-1
     * @param longest more octets than that are cut off
     */
    LineBuffer quotedText(String text, int longest) {
        int end = Math.min(text.length(), longest);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > 0x7e || c == '"' || c == '\\') {
                room(4);
                bytes[length++] = '\\';
                bytes[length++] = 'x';
                bytes[length++] = HEX_UPPER[c >> 4 & 0xf];
                bytes[length++] = HEX_UPPER[c & 0xf];
            } else {
                ascii(c);
            }
        }
        return text.length() > longest ? ascii("...") : this;
    }

    private void room(int count) {
        if (bytes.length - length < count) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + count));
        }
    }
}
