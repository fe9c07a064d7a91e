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

    /** @param text ISO 8859-1 */
    public HeadWriter text(String text) {
        return bytes(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    public HeadWriter number(long value) {
        if (value >= 0 && value < 10) {
            room(1);
            bytes[length++] = (byte) ('0' + value);
            return this;
        }
        return text(Long.toString(value));
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
        return allocator.ioBuffer(length).writeBytes(bytes, 0, length);
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
