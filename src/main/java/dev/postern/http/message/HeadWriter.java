package dev.postern.http.message;

import dev.postern.route.FieldEdits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Puts a message head together in an array that an event loop reuses, then copies it out once. */
public final class HeadWriter {
    private static final byte[] FIELD_SEPARATOR = {':', ' '};
    private static final byte[] CRLF = {'\r', '\n'};

    private byte[] bytes = new byte[8192];
    private int length;

    public HeadWriter begin() {
        length = 0;
        return this;
    }

    public HeadWriter bytes(byte[] source) {
        return bytes(source, 0, source.length);
    }

    public HeadWriter bytes(byte[] source, int from, int to) {
        int count = to - from;
        room(count);
        System.arraycopy(source, from, bytes, length, count);
        length += count;
        return this;
    }

    /** @param text ISO 8859-1; of what is not, a question mark comes: half of a character could be the end of a line */
    public HeadWriter text(String text) {
        int count = text.length();
        room(count);
        for (int i = 0; i < count; i++) {
            char c = text.charAt(i);
            bytes[length++] = (byte) (c > 0xff ? '?' : c);
        }
        return this;
    }

    /** @param value not negative */
    public HeadWriter number(long value) {
        int digits = 1;
        for (long rest = value / 10; rest > 0; rest /= 10) {
            digits++;
        }
        room(digits);
        length += digits;
        int at = length;
        for (long rest = value; digits > 0; digits--, rest /= 10) {
            bytes[--at] = (byte) ('0' + rest % 10);
        }
        return this;
    }

    public HeadWriter byteOf(char c) {
        room(1);
        bytes[length++] = (byte) c;
        return this;
    }

    public HeadWriter crlf() {
        return bytes(CRLF);
    }

    /** A field as it was parsed: its name, one space, its trimmed value. */
    public HeadWriter field(Fields fields, int field) {
        return bytes(fields.bytes(), fields.nameFrom(field), fields.nameTo(field))
                .bytes(FIELD_SEPARATOR)
                .bytes(fields.bytes(), fields.valueFrom(field), fields.valueTo(field))
                .bytes(CRLF);
    }

    /** The fields that come. */
    public HeadWriter fields(FieldEdits edits) {
        for (int i = 0; i < edits.count(); i++) {
            bytes(edits.name(i)).bytes(FIELD_SEPARATOR).bytes(edits.value(i)).bytes(CRLF);
        }
        return this;
    }

    /** What was put together, in {@code [0, length())}; good until the next {@link #begin}. */
    public byte[] array() {
        return bytes;
    }

    public int length() {
        return length;
    }

    public ByteBuf end(ByteBufAllocator allocator) {
        return end(allocator, 0);
    }

    /** @param room for so many bytes more */
    public ByteBuf end(ByteBufAllocator allocator, int room) {
        return allocator.ioBuffer(length + room).writeBytes(bytes, 0, length);
    }

    private void room(int count) {
        if (bytes.length - length < count) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + count));
        }
    }

    /** A constant of the wire. */
    public static byte[] constant(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
