package dev.postern.http.message;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A header or trailer section: the bytes as they came, and where each field lies in them. Immutable once parsed; lives
 * on the heap, so nobody has to release it.
 */
public final class Fields {
    static final Fields NONE = new Fields(new byte[0], new int[0], 0);

    private static final int STRIDE = 5;

    private final byte[] bytes;
    private final int[] spans;
    private final int count;

    private Fields(byte[] bytes, int[] spans, int count) {
        this.bytes = bytes;
        this.spans = spans;
        this.count = count;
    }

    public int count() {
        return count;
    }

    public byte[] bytes() {
        return bytes;
    }

    /** One of the constants of {@link FieldName}. */
    public int name(int field) {
        return spans[field * STRIDE];
    }

    public int nameFrom(int field) {
        return spans[field * STRIDE + 1];
    }

    public int nameTo(int field) {
        return spans[field * STRIDE + 2];
    }

    public int valueFrom(int field) {
        return spans[field * STRIDE + 3];
    }

    public int valueTo(int field) {
        return spans[field * STRIDE + 4];
    }

    public String value(int field) {
        return text(valueFrom(field), valueTo(field));
    }

    /** The first field of this name, or -1. */
    public int find(int name) {
        for (int i = 0; i < count; i++) {
            if (name(i) == name) {
                return i;
            }
        }
        return -1;
    }

    /** The first field from {@code from} on whose name is this, in lower case; or -1. For names that have no constant. */
    public int find(String lower, int from) {
        for (int i = from; i < count; i++) {
            if (FieldName.equalsIgnoreCase(bytes, nameFrom(i), nameTo(i), lower)) {
                return i;
            }
        }
        return -1;
    }

    /** The value of the first field with this name, or null. */
    @Nullable public String first(int name) {
        int field = find(name);
        return field < 0 ? null : value(field);
    }

    /** The same without one of them. What else points into {@link #bytes} stays right. */
    Fields without(int field) {
        int[] rest = new int[(count - 1) * STRIDE];
        System.arraycopy(spans, 0, rest, 0, field * STRIDE);
        System.arraycopy(spans, (field + 1) * STRIDE, rest, field * STRIDE, rest.length - field * STRIDE);
        return new Fields(bytes, rest, count - 1);
    }

    /** The same with another value of one. What else points into {@link #bytes} stays right. */
    Fields withValue(int field, String value) {
        byte[] longer = longer(value);
        int[] changed = java.util.Arrays.copyOf(spans, count * STRIDE);
        changed[field * STRIDE + 3] = bytes.length;
        changed[field * STRIDE + 4] = longer.length;
        return new Fields(longer, changed, count);
    }

    /** The same with one more, which the edge itself does not read. What else points into {@link #bytes} stays right. */
    Fields with(String name, String value) {
        return with(FieldName.OTHER, name, value);
    }

    /** The same with a Host, as the last one. What else points into {@link #bytes} stays right. */
    Fields withHost(String host) {
        return with(FieldName.HOST, "Host", host);
    }

    /**
     * The same without those of these names, in lower case, and with others instead that we say ourselves. What else points
     * into {@link #bytes} stays right.
     */
    Fields told(List<String> ours, List<Told> told) {
        int length = bytes.length;
        for (Told each : told) {
            length += each.name().length() + each.value().length();
        }
        byte[] longer = java.util.Arrays.copyOf(bytes, length);
        Builder kept = new Builder();
        for (int i = 0; i < count; i++) {
            if (!isOneOf(ours, i)) {
                kept.add(name(i), nameFrom(i), nameTo(i), valueFrom(i), valueTo(i));
            }
        }
        int at = bytes.length;
        for (Told each : told) {
            byte[] text = (each.name() + each.value()).getBytes(StandardCharsets.ISO_8859_1);
            System.arraycopy(text, 0, longer, at, text.length);
            int valueFrom = at + each.name().length();
            kept.add(FieldName.TOLD, at, valueFrom, valueFrom, at + text.length);
            at += text.length;
        }
        return kept.build(longer);
    }

    private boolean isOneOf(List<String> lowerNames, int field) {
        for (String name : lowerNames) {
            if (FieldName.equalsIgnoreCase(bytes, nameFrom(field), nameTo(field), name)) {
                return true;
            }
        }
        return false;
    }

    private Fields with(int constant, String name, String value) {
        byte[] longer = longer(name + value);
        int[] more = java.util.Arrays.copyOf(spans, (count + 1) * STRIDE);
        int at = count * STRIDE;
        more[at] = constant;
        more[at + 1] = bytes.length;
        more[at + 2] = bytes.length + name.length();
        more[at + 3] = bytes.length + name.length();
        more[at + 4] = longer.length;
        return new Fields(longer, more, count + 1);
    }

    private byte[] longer(String text) {
        byte[] longer = java.util.Arrays.copyOf(bytes, bytes.length + text.length());
        byte[] added = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(added, 0, longer, bytes.length, added.length);
        return longer;
    }

    public String text(int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    /** Collects spans while a section is parsed; reused by all connections of an event loop. */
    public static final class Builder {
        private int[] spans = new int[64 * STRIDE];
        private int count;

        void clear() {
            count = 0;
        }

        public int count() {
            return count;
        }

        public void add(int name, int nameFrom, int nameTo, int valueFrom, int valueTo) {
            int at = count * STRIDE;
            if (at == spans.length) {
                spans = java.util.Arrays.copyOf(spans, spans.length * 2);
            }
            spans[at] = name;
            spans[at + 1] = nameFrom;
            spans[at + 2] = nameTo;
            spans[at + 3] = valueFrom;
            spans[at + 4] = valueTo;
            count++;
        }

        /** @param bytes kept, not copied */
        public Fields build(byte[] bytes) {
            return count == 0
                    ? new Fields(bytes, NONE.spans, 0)
                    : new Fields(bytes, java.util.Arrays.copyOf(spans, count * STRIDE), count);
        }
    }
}
