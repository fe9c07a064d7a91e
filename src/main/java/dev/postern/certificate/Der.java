package dev.postern.certificate;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * Goes through what was encoded by DER (X.690), element by element: enough to find a place in a key or in an extension, and
 * nothing has to be loaded for it. What does not fit is an {@link IllegalArgumentException}.
 */
final class Der {
    static final int INTEGER = 0x02;
    static final int BIT_STRING = 0x03;
    static final int OCTET_STRING = 0x04;
    static final int OBJECT_IDENTIFIER = 0x06;
    static final int SEQUENCE = 0x30;

    private final byte[] bytes;
    private int at;
    private final int end;

    private Der(byte[] bytes, int at, int end) {
        this.bytes = bytes;
        this.at = at;
        this.end = end;
    }

    static Der of(byte[] bytes) {
        return new Der(bytes, 0, bytes.length);
    }

    /** A tag of a field that is there or not, {@code [1]}. */
    static int field(int number, boolean constructed) {
        return 0x80 | (constructed ? 0x20 : 0) | number;
    }

    /** Whether the next element is of this kind; false at the end. */
    boolean is(int tag) {
        return at < end && (bytes[at] & 0xff) == tag;
    }

    /** What is in the next element. */
    Der enter(int tag) {
        if (!is(tag)) {
            throw new IllegalArgumentException("another element than " + tag);
        }
        int from = at + 1;
        int length = next(from++);
        if (length >= 0x80) {
            int count = length & 0x7f;
            if (count < 1 || count > 3) {
                throw new IllegalArgumentException("too long, or of no length");
            }
            length = 0;
            for (int i = 0; i < count; i++) {
                length = length << 8 | next(from++);
            }
        }
        if (length > end - from) {
            throw new IllegalArgumentException("an element that is cut off");
        }
        at = from + length;
        return new Der(bytes, from, at);
    }

    private int next(int place) {
        if (place >= end) {
            throw new IllegalArgumentException("an element that is cut off");
        }
        return bytes[place] & 0xff;
    }

    /** Passes over the next element, where it is of this kind. */
    void skip(int tag) {
        if (is(tag)) {
            enter(tag);
        }
    }

    /** What is left. */
    byte[] rest() {
        return Arrays.copyOfRange(bytes, at, end);
    }

    boolean isRest(byte[] other) {
        return Arrays.equals(bytes, at, end, other, 0, other.length);
    }

    /** One element. */
    static byte[] element(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream element = new ByteArrayOutputStream();
        element.write(tag);
        int length = content.size();
        if (length >= 0x80) {
            int count = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
            element.write(0x80 | count);
            for (int i = count - 1; i > 0; i--) {
                element.write(length >> (8 * i));
            }
        }
        element.write(length);
        element.writeBytes(content.toByteArray());
        return element.toByteArray();
    }
}
