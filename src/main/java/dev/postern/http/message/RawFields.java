package dev.postern.http.message;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Names and values as somebody said them, which nobody has looked at yet; put together in arrays that an event loop reuses. Event loop
 * only.
 */
public final class RawFields {
    /** Where a name begins, where it ends and its value begins, where that ends. */
    private static final int STRIDE = 3;

    private byte[] block = new byte[1024];
    private byte[] bytes = new byte[4096];
    private int length;
    private int[] at = new int[64 * STRIDE];
    private int count;

    public RawFields begin() {
        length = 0;
        count = 0;
        return this;
    }

    public int count() {
        return count;
    }

    public byte[] bytes() {
        return bytes;
    }

    public int nameFrom(int field) {
        return at[STRIDE * field];
    }

    public int nameTo(int field) {
        return at[STRIDE * field + 1];
    }

    public int valueFrom(int field) {
        return at[STRIDE * field + 1];
    }

    public int valueTo(int field) {
        return at[STRIDE * field + 2];
    }

    public int nameLength(int field) {
        return nameTo(field) - nameFrom(field);
    }

    /** Whether it is before all fields of the message proper (RFC 9113 §8.3): its name begins with a colon. */
    public boolean isPseudo(int field) {
        return nameLength(field) > 0 && bytes[nameFrom(field)] == ':';
    }

    public boolean isNamed(int field, byte[] name) {
        return Arrays.equals(bytes, nameFrom(field), nameTo(field), name, 0, name.length);
    }

    public boolean hasValue(int field, byte[] value) {
        return Arrays.equals(bytes, valueFrom(field), valueTo(field), value, 0, value.length);
    }

    /** ISO 8859-1; for what is said of it, not for what is done with it. */
    public String value(int field) {
        return new String(bytes, valueFrom(field), valueTo(field) - valueFrom(field), StandardCharsets.ISO_8859_1);
    }

    /** An array for so many bytes of what they are read from. */
    public byte[] block(int longest) {
        if (block.length < longest) {
            block = new byte[longest];
        }
        return block;
    }

    // ---- a field after the other, its name first

    /** Where {@link #add} and {@link #room} go on. */
    public int length() {
        return length;
    }

    public void add(byte[] source, int from, int to) {
        room(to - from);
        System.arraycopy(source, from, bytes, length, to - from);
        length += to - from;
    }

    /** Makes sure that so many bytes more can be put into {@link #bytes()}, behind {@link #length}. */
    public void room(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
        }
    }

    /** So many bytes were put there. */
    public void added(int more) {
        length += more;
    }

    /** What was added since {@code from} is a field; its value begins at {@code valueFrom}. */
    public void field(int from, int valueFrom) {
        if (STRIDE * (count + 1) > at.length) {
            at = Arrays.copyOf(at, 2 * at.length);
        }
        int next = STRIDE * count++;
        at[next] = from;
        at[next + 1] = valueFrom;
        at[next + 2] = length;
    }

    /** Takes back what was added since {@code from}. */
    public void forget(int from) {
        length = from;
    }
}
