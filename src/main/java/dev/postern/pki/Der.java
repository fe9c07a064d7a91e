package dev.postern.pki;

import java.util.Arrays;

/**
 * Goes through what was encoded by DER (X.690), element by element: enough to find a place in a key or in an extension, and
 * nothing has to be loaded for it. What does not fit is an {@link IllegalArgumentException}.
 */
final class Der {
    static final int INTEGER = 0x02;
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

    /** What is left. */
    byte[] rest() {
        return Arrays.copyOfRange(bytes, at, end);
    }

    boolean isRest(byte[] other) {
        return Arrays.equals(bytes, at, end, other, 0, other.length);
    }
}
