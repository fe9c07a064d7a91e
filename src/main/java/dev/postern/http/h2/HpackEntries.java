package dev.postern.http.h2;

import java.util.Arrays;

/**
 * The fields that one connection keeps in one direction (the trade's word: dynamic table, <a
 * href="https://datatracker.ietf.org/doc/html/rfc7541#section-2.3.2">RFC 7541 §2.3.2</a>): the newest has the number 1, and the oldest make
 * room. Copies, each as long as it has to be: they last as long as the connection. Event loop only.
 */
final class HpackEntries {
    private static final int FEW = 8;

    private static final byte[] NOTHING = {};

    // Oldest first, from `first` on, around the end: a name and its value behind it. Made when first needed.
    private byte[][] lines = {};
    private int[] nameLengths = {};
    private int first;
    private int count;

    /** Bytes, as RFC 7541 §4.1 counts them. */
    private int max;

    private int size;

    HpackEntries(int max) {
        this.max = max;
    }

    int count() {
        return count;
    }

    int max() {
        return max;
    }

    /** From now on there may be so many bytes. */
    void max(int next) {
        max = next;
        evict(next);
    }

    /** The name of that number, and its value behind it; not to be changed. */
    byte[] line(int number) {
        return lines[slot(number)];
    }

    int nameLength(int number) {
        return nameLengths[slot(number)];
    }

    private int slot(int number) {
        return (first + count - number) & (lines.length - 1);
    }

    /** Keeps {@code bytes[from, to)}, whose value begins at {@code valueFrom}; what is larger than the table empties it (RFC 7541 §4.4). */
    void add(byte[] bytes, int from, int valueFrom, int to) {
        int more = to - from + HpackTable.PER_FIELD;
        evict(max - more);
        if (more > max) {
            return;
        }
        if (count == lines.length) {
            grow();
        }
        count++;
        int at = slot(1);
        lines[at] = Arrays.copyOfRange(bytes, from, to);
        nameLengths[at] = valueFrom - from;
        size += more;
    }

    private void evict(int room) {
        while (count > 0 && size > room) {
            size -= lines[first].length + HpackTable.PER_FIELD;
            lines[first] = NOTHING;
            first = (first + 1) & (lines.length - 1);
            count--;
        }
    }

    private void grow() {
        int after = Math.max(FEW, 2 * lines.length);
        byte[][] grown = new byte[after][];
        int[] lengths = new int[after];
        for (int i = 0; i < count; i++) {
            int number = count - i;
            grown[i] = line(number);
            lengths[i] = nameLength(number);
        }
        lines = grown;
        nameLengths = lengths;
        first = 0;
    }
}
