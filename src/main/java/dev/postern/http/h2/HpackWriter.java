package dev.postern.http.h2;

import dev.postern.http.message.Ascii;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Writes the header blocks of one connection (the trade's word: HPACK encoder, <a
 * href="https://datatracker.ietf.org/doc/html/rfc7541">RFC 7541</a>), field by field, from the bytes of the heads they come from.
 *
 * <p>A field that comes a second time is kept in the table, and is a number from then on: most come once only, and would push out
 * what comes with every response. Nothing is Huffman-coded: a few bytes saved are not worth the time. What tells who somebody is
 * is never kept, and whoever passes it on is not to keep it either (RFC 7541 §7.1.3). Event loop only.
 */
final class HpackWriter implements Http2HeadersEncoder, Http2HeadersEncoder.Configuration {
    /** First bits of a field, and how many bits of the first byte are left for its number (RFC 7541 §6). */
    private static final int INDEXED = 0x80;

    private static final int INDEXED_BITS = 7;
    private static final int KEPT = 0x40;
    private static final int KEPT_BITS = 6;
    private static final int TABLE_SIZE = 0x20;
    private static final int TABLE_SIZE_BITS = 5;
    private static final int NOT_KEPT = 0x00;
    private static final int NEVER_KEPT = 0x10;
    private static final int NOT_KEPT_BITS = 4;

    /** Names of which the last value is remembered: a power of two. */
    private static final int REMEMBERED = 32;

    private final HeadWriter out;

    private final HpackEntries kept = new HpackEntries((int) Http2Limits.HEADER_TABLE);

    /** Has become other than the other end knows; the smallest it was meanwhile (RFC 7541 §4.2). */
    private boolean resized;

    private int smallest;

    /** A block was put together, and the other end has not been sent it. */
    private boolean unsent;

    /** Hashes of the fields that came last, by their names. */
    private int[] last = {};

    /** @param out where the blocks are put together; others may use it between two of them */
    HpackWriter(HeadWriter out) {
        this.out = out;
    }

    /**
     * Another block. What is written is in {@link #array} until the next one begins. Of one before it that was not sent the other
     * end does not know what was kept: both begin with an empty table.
     */
    HpackWriter begin() {
        out.begin();
        if (unsent) {
            int max = kept.max();
            kept.max(0);
            kept.max(max);
            smallest = 0;
            resized = true;
        }
        unsent = true;
        if (resized) {
            resized = false;
            if (smallest < kept.max()) {
                number(TABLE_SIZE, TABLE_SIZE_BITS, smallest);
            }
            number(TABLE_SIZE, TABLE_SIZE_BITS, kept.max());
        }
        return this;
    }

    /** What was put together since {@link #begin} goes out, as the next block of the connection. */
    void sent() {
        unsent = false;
    }

    byte[] array() {
        return out.array();
    }

    int length() {
        return out.length();
    }

    HpackWriter status(int status) {
        switch (status) {
            case 200 -> indexed(HpackTable.STATUS);
            case 204 -> indexed(HpackTable.STATUS + 1);
            case 206 -> indexed(HpackTable.STATUS + 2);
            case 304 -> indexed(HpackTable.STATUS + 3);
            case 400 -> indexed(HpackTable.STATUS + 4);
            case 404 -> indexed(HpackTable.STATUS + 5);
            case 500 -> indexed(HpackTable.STATUS + 6);
            default -> {
                number(NOT_KEPT, NOT_KEPT_BITS, HpackTable.STATUS);
                out.byteOf((char) 3).number(status);
            }
        }
        return this;
    }

    /** A field that {@link HpackTable} has as it is. */
    HpackWriter indexed(int number) {
        number(INDEXED, INDEXED_BITS, number);
        return this;
    }

    HpackWriter field(byte[] name, byte[] value) {
        return field(name, 0, name.length, value, 0, value.length);
    }

    HpackWriter field(Fields fields, int field) {
        byte[] bytes = fields.bytes();
        return field(
                bytes,
                fields.nameFrom(field),
                fields.nameTo(field),
                bytes,
                fields.valueFrom(field),
                fields.valueTo(field));
    }

    /** Its name goes out in lower case. */
    HpackWriter field(byte[] name, int nameFrom, int nameTo, byte[] value, int from, int to) {
        int found = find(name, nameFrom, nameTo, value, from, to);
        if (found > 0) {
            return indexed(HpackTable.LENGTH + found);
        }
        int nameHash = HpackTable.hash(name, nameFrom, nameTo);
        int number = HpackTable.find(name, nameFrom, nameTo, nameHash);
        if (isSecret(number)) {
            number(NEVER_KEPT, NOT_KEPT_BITS, number);
            text(value, from, to);
            return this;
        }
        if (number == 0) {
            number = findName(name, nameFrom, nameTo);
        }
        int nameLength = nameTo - nameFrom;
        boolean keeps = cameBefore(nameHash, value, from, to)
                && nameLength + to - from + HpackTable.PER_FIELD <= kept.max() / 2;
        number(keeps ? KEPT : NOT_KEPT, keeps ? KEPT_BITS : NOT_KEPT_BITS, number);
        if (number == 0) {
            lower(name, nameFrom, nameTo);
        }
        text(value, from, to);
        if (keeps) {
            byte[] line = new byte[nameLength + to - from];
            for (int i = 0; i < nameLength; i++) {
                line[i] = Ascii.lower(name[nameFrom + i]);
            }
            System.arraycopy(value, from, line, nameLength, to - from);
            kept.add(line, 0, nameLength, line.length);
        }
        return this;
    }

    /** The number of the field among those that are kept; 0 where it is not. */
    private int find(byte[] name, int nameFrom, int nameTo, byte[] value, int from, int to) {
        int nameLength = nameTo - nameFrom;
        int length = nameLength + to - from;
        for (int i = 1; i <= kept.count(); i++) {
            byte[] line = kept.line(i);
            // The value first: it tells fields of a length apart, and is compared faster.
            if (line.length == length
                    && kept.nameLength(i) == nameLength
                    && Arrays.equals(line, nameLength, length, value, from, to)
                    && HpackTable.startsWith(line, name, nameFrom, nameTo)) {
                return i;
            }
        }
        return 0;
    }

    /** The number of the newest field of that name; 0 where none is kept. */
    private int findName(byte[] name, int from, int to) {
        for (int i = 1; i <= kept.count(); i++) {
            if (kept.nameLength(i) == to - from && HpackTable.startsWith(kept.line(i), name, from, to)) {
                return HpackTable.LENGTH + i;
            }
        }
        return 0;
    }

    private static boolean isSecret(int known) {
        return switch (known) {
            case HpackTable.SET_COOKIE, HpackTable.COOKIE, HpackTable.AUTHORIZATION, HpackTable.PROXY_AUTHORIZATION ->
                true;
            default -> false;
        };
    }

    private boolean cameBefore(int nameHash, byte[] value, int from, int to) {
        if (last.length == 0) {
            last = new int[REMEMBERED];
        }
        int hash = nameHash;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + value[i];
        }
        int at = (nameHash ^ (nameHash >>> 16)) & (REMEMBERED - 1);
        boolean same = last[at] == hash;
        last[at] = hash;
        return same;
    }

    // ---- bytes

    /** RFC 7541 §5.1. */
    private void number(int mask, int bits, int value) {
        int full = (1 << bits) - 1;
        if (value < full) {
            out.byteOf((char) (mask | value));
            return;
        }
        out.byteOf((char) (mask | full));
        int rest = value - full;
        while (rest >= 0x80) {
            out.byteOf((char) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.byteOf((char) rest);
    }

    /** RFC 7541 §5.2. */
    private void text(byte[] bytes, int from, int to) {
        number(0, 7, to - from);
        out.bytes(bytes, from, to);
    }

    private void lower(byte[] bytes, int from, int to) {
        number(0, 7, to - from);
        for (int i = from; i < to; i++) {
            out.byteOf((char) Ascii.lower(bytes[i]));
        }
    }

    // ---- what may be sent later

    /** As {@link #begin}, of a block that neither looks at the table nor changes it. */
    HpackWriter beginAside() {
        out.begin();
        return this;
    }

    /** A field of such a block. */
    HpackWriter aside(Fields fields, int field) {
        number(NOT_KEPT, NOT_KEPT_BITS, 0);
        lower(fields.bytes(), fields.nameFrom(field), fields.nameTo(field));
        text(fields.bytes(), fields.valueFrom(field), fields.valueTo(field));
        return this;
    }

    /** That block, to be kept. */
    byte[] copy() {
        return Arrays.copyOf(out.array(), out.length());
    }

    /** All fields of such a block. */
    HpackWriter block(byte[] aside) {
        out.bytes(aside);
        return this;
    }

    // ---- for Netty

    /** What Netty itself answers, where a list of fields is too long for it. */
    @Override
    public void encodeHeaders(int stream, Http2Headers headers, ByteBuf to) {
        begin();
        for (Map.Entry<CharSequence, CharSequence> field : headers) {
            field(
                    field.getKey().toString().getBytes(StandardCharsets.ISO_8859_1),
                    field.getValue().toString().getBytes(StandardCharsets.ISO_8859_1));
        }
        to.writeBytes(array(), 0, length());
        sent();
    }

    @Override
    public Configuration configuration() {
        return this;
    }

    /** What the other end allows; ours stays within {@link Http2Limits#HEADER_TABLE} all the same. */
    @Override
    public void maxHeaderTableSize(long allowed) {
        int next = (int) Math.min(allowed, Http2Limits.HEADER_TABLE);
        if (next != kept.max()) {
            smallest = resized ? Math.min(smallest, next) : next;
            resized = true;
            kept.max(next);
        }
    }

    @Override
    public long maxHeaderTableSize() {
        return kept.max();
    }

    /** Advice, not a rule (RFC 9113 §6.5.2): who finds a head too large says so better than we could. */
    @Override
    public void maxHeaderListSize(long advised) {}

    @Override
    public long maxHeaderListSize() {
        return Integer.MAX_VALUE;
    }
}
