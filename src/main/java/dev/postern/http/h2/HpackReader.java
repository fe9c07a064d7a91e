package dev.postern.http.h2;

import dev.postern.http.message.RawFields;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/**
 * Reads the header blocks of one connection (the trade's word: HPACK decoder, <a
 * href="https://datatracker.ietf.org/doc/html/rfc7541">RFC 7541</a>). What is wrong in a block leaves nothing that could be relied on:
 * it ends the connection. Event loop only.
 */
final class HpackReader {
    /** One to change the size to the smallest it was meanwhile, one to what it is now; RFC 7541 §4.2. */
    private static final int MAX_SIZE_UPDATES = 2;

    /** Bytes of a number after its first: 2^28 is more than any length or index may be. */
    private static final int MAX_NUMBER = 4;

    private static final byte[] NOTHING = {};

    /** What the other end has said that it keeps. */
    private final HpackEntries kept = new HpackEntries((int) Http2Limits.HEADER_TABLE);

    private byte[] in = NOTHING;
    private int at;
    private int end;

    /**
     * Reads {@code in[from, end)}.
     *
     * @param longest how long the list of fields may be, as RFC 9113 §10.5.1 counts it; of what is beyond, fields are read, and not
     *     added
     * @return how long it is
     */
    long read(byte[] block, int from, int to, RawFields out, long longest) throws Http2Exception {
        in = block;
        at = from;
        end = to;
        sizeUpdates();
        long list = 0;
        while (at < end) {
            if (list > longest && in[at] < 0) {
                // However large what it names is: nobody wants it any more.
                known(number(7));
                continue;
            }
            int start = out.length();
            int valueFrom = field(out);
            list += out.length() - start + HpackTable.PER_FIELD;
            if (list <= longest) {
                out.field(start, valueFrom);
            } else {
                out.forget(start);
            }
        }
        // Nothing of a connection holds on to what its event loop reuses.
        in = NOTHING;
        return list;
    }

    /** They come before all fields (RFC 7541 §4.2), and each may make a new table. */
    private void sizeUpdates() throws Http2Exception {
        for (int updates = 0; at < end && (in[at] & 0xe0) == 0x20; ) {
            if (++updates > MAX_SIZE_UPDATES) {
                throw wrong("over %d table size updates in a header block", MAX_SIZE_UPDATES);
            }
            int size = number(5);
            if (size > Http2Limits.HEADER_TABLE) {
                throw wrong("table of %d bytes, which is more than was allowed", size);
            }
            kept.max(size);
        }
    }

    /** Adds the next field; returns where its value begins. */
    private int field(RawFields out) throws Http2Exception {
        int first = in[at];
        if (first < 0) {
            return indexed(out, number(7));
        }
        if ((first & 0x40) != 0) {
            int start = out.length();
            int valueFrom = literal(out, number(6));
            kept.add(out.bytes(), start, valueFrom, out.length());
            return valueFrom;
        }
        if ((first & 0x20) != 0) {
            throw wrong("table size update behind a field");
        }
        return literal(out, number(4));
    }

    private int indexed(RawFields out, int number) throws Http2Exception {
        int valueFrom = name(out, known(number));
        if (number <= HpackTable.LENGTH) {
            byte[] value = HpackTable.value(number);
            out.add(value, 0, value.length);
        } else {
            byte[] line = kept.line(number - HpackTable.LENGTH);
            out.add(line, kept.nameLength(number - HpackTable.LENGTH), line.length);
        }
        return valueFrom;
    }

    private int literal(RawFields out, int number) throws Http2Exception {
        int valueFrom;
        if (number == 0) {
            text(out);
            valueFrom = out.length();
        } else {
            valueFrom = name(out, known(number));
        }
        text(out);
        return valueFrom;
    }

    private int known(int number) throws Http2Exception {
        if (number == 0 || number > HpackTable.LENGTH + kept.count()) {
            throw wrong("field %d, which is none", number);
        }
        return number;
    }

    /** Adds a name by its number; returns where it ends. */
    private int name(RawFields out, int number) {
        if (number <= HpackTable.LENGTH) {
            byte[] name = HpackTable.name(number);
            out.add(name, 0, name.length);
        } else {
            out.add(kept.line(number - HpackTable.LENGTH), 0, kept.nameLength(number - HpackTable.LENGTH));
        }
        return out.length();
    }

    /** RFC 7541 §5.2. */
    private void text(RawFields out) throws Http2Exception {
        if (at >= end) {
            throw wrong("header block ends in a field");
        }
        boolean coded = in[at] < 0;
        int length = number(7);
        if (length > end - at) {
            throw wrong("header block ends in a string");
        }
        if (coded) {
            out.room(Huffman.longest(length));
            out.added(Huffman.read(in, at, at + length, out.bytes(), out.length()) - out.length());
        } else {
            out.add(in, at, at + length);
        }
        at += length;
    }

    /** RFC 7541 §5.1. */
    private int number(int bits) throws Http2Exception {
        int full = (1 << bits) - 1;
        int value = in[at++] & full;
        if (value < full) {
            return value;
        }
        for (int i = 0; i < MAX_NUMBER; i++) {
            if (at >= end) {
                throw wrong("header block ends in a number");
            }
            int next = in[at++];
            value += (next & 0x7f) << (7 * i);
            if (next >= 0) {
                return value;
            }
        }
        throw wrong("number over 2^28");
    }

    private static Http2Exception wrong(String what, Object... values) {
        return Http2Exception.connectionError(Http2Error.COMPRESSION_ERROR, what, values);
    }
}
