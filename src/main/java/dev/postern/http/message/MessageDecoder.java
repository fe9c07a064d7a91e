package dev.postern.http.message;

import dev.postern.config.Tolerance;
import dev.postern.wire.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.ByteProcessor;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a stream of bytes into HTTP/1 messages: heads, pieces of bodies, ends. Never holds more than one head or one
 * chunk-size line back; bodies stream. Event loop only.
 */
public final class MessageDecoder {
    /** Chunk-size line with extensions, which are ignored: RFC 9112 §7.1.1 asks for a limit. */
    private static final int MAX_CHUNK_LINE = 256;

    /** Bytes. What costs as much as hundreds of them for each chunk costs less where they are gathered. */
    private static final int SMALL_CHUNK = 64;

    /** Bytes that are gathered at most. */
    private static final int GATHERED = 16 * 1024;

    /** 15 hexadecimal digits cannot overflow a long. */
    private static final int MAX_CHUNK_DIGITS = 15;

    /** Bytes that a line may have, and CR, of which only what follows tells whether it does. */
    private static final ByteProcessor INSIDE_A_LINE = value -> value == '\r' || Ascii.isValue(value);

    /** Body lengths that {@link Receiver#begin} may return besides a number of bytes. */
    public static final long CHUNKED = -1;

    public static final long UNTIL_CLOSE = -2;
    /** Nothing after the head is HTTP any more: stop decoding. */
    public static final long SWITCHED = -3;
    /** The head was an interim one; the next thing is a head again. */
    public static final long INTERIM = -4;

    /** Who gets the parts. May close the decoder from within a call. */
    public interface Receiver {
        /** False to hold back the next head (an exchange is still under way). */
        boolean readyForHead();

        /**
         * Takes a head out of {@code bytes}.
         *
         * @return how many bytes it took, or -1 where it is not complete
         */
        int head(byte[] bytes, int to) throws BadMessage;

        /** Acts on the head just taken; returns how long its body is. */
        long begin();

        /** Ownership of {@code part} passes to the receiver. */
        void body(ByteBuf part);

        void end(@Nullable Fields trailers) throws BadMessage;
    }

    private enum State {
        HEAD,
        FIXED,
        UNTIL_CLOSE,
        CHUNK_SIZE,
        CHUNK_DATA,
        CHUNK_END,
        TRAILERS,
        STOPPED
    }

    private final Receiver receiver;
    private final HeadSpace space;
    private final Failure malformed;
    private final Failure headTooLarge;
    /** What a server may do besides what any server may; null where a client speaks. */
    private @Nullable Set<Tolerance> tolerated;

    private @Nullable ByteBuf pending;
    /** The data of small chunks that came together, which go on together. Null between the calls. */
    private @Nullable ByteBuf gathered;

    private State state = State.HEAD;
    private long remaining;
    /** Bytes of an incomplete head or trailer section that were looked at. */
    private int searched;

    /**
     * @param space shared by the connections of an event loop
     * @param malformed what a broken chunk or trailer section is thrown as
     */
    public MessageDecoder(Receiver receiver, HeadSpace space, Failure malformed, Failure headTooLarge) {
        this.receiver = receiver;
        this.space = space;
        this.malformed = malformed;
        this.headTooLarge = headTooLarge;
    }

    /** A server speaks, and may do this besides what any server may. */
    public void tolerates(Set<Tolerance> more) {
        tolerated = more;
    }

    /** Takes ownership of {@code in} and passes on what is complete. */
    public void decode(ByteBufAllocator allocator, ByteBuf in) throws BadMessage {
        if (state == State.STOPPED && pending == null) {
            in.release();
            return;
        }
        ByteBuf before = pending;
        pending = before == null ? in : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(allocator, before, in);
        decode();
    }

    /** Goes on with what was held back. */
    public void decode() throws BadMessage {
        try {
            ByteBuf in = pending;
            while (in != null && in.isReadable() && step(in)) {
                in = pending;
            }
        } finally {
            passGathered();
        }
        if (pending != null && !pending.isReadable()) {
            releasePending();
        }
    }

    /** One part; false where more bytes, or a go-ahead, are needed. */
    private boolean step(ByteBuf in) throws BadMessage {
        switch (state) {
            case HEAD -> {
                return receiver.readyForHead() && head(in);
            }
            case FIXED, CHUNK_DATA -> {
                int length = (int) Math.min(remaining, in.readableBytes());
                remaining -= length;
                State after = state;
                if (after == State.CHUNK_DATA && length < SMALL_CHUNK) {
                    gather(in, length);
                } else {
                    passGathered();
                    if (state != after) {
                        return true;
                    }
                    receiver.body(take(in, length));
                }
                if (remaining == 0 && state == after) {
                    if (after == State.FIXED) {
                        end(null);
                    } else {
                        state = State.CHUNK_END;
                    }
                }
                return true;
            }
            case UNTIL_CLOSE -> {
                receiver.body(take(in, in.readableBytes()));
                return true;
            }
            case CHUNK_SIZE -> {
                return chunkSize(in);
            }
            case CHUNK_END -> {
                return chunkEnd(in);
            }
            case TRAILERS -> {
                return trailers(in);
            }
            default -> {
                return false;
            }
        }
    }

    private void gather(ByteBuf in, int length) {
        ByteBuf into = gathered;
        if (into == null) {
            into = in.alloc().buffer(Math.min(GATHERED, in.readableBytes()), GATHERED);
            gathered = into;
        }
        into.writeBytes(in, length);
        if (into.maxWritableBytes() < SMALL_CHUNK) {
            passGathered();
        }
    }

    private void passGathered() {
        ByteBuf part = gathered;
        gathered = null;
        if (part != null) {
            receiver.body(part);
        }
    }

    private ByteBuf take(ByteBuf in, int length) {
        if (length == in.readableBytes()) {
            pending = null;
            return in;
        }
        return in.readRetainedSlice(length);
    }

    private boolean head(ByteBuf in) throws BadMessage {
        int readable = in.readableBytes();
        byte[] scratch = space.bytes();
        if (searched > 0 && readable < scratch.length && !holdsNews(in)) {
            return false;
        }
        int length = Math.min(readable, scratch.length);
        in.getBytes(in.readerIndex(), scratch, 0, length);
        int taken = receiver.head(scratch, length);
        if (taken < 0) {
            if (readable >= scratch.length) {
                throw new BadMessage(headTooLarge, "head over " + scratch.length + " bytes");
            }
            searched = readable;
            return false;
        }
        searched = 0;
        in.skipBytes(taken);
        bodyFollows(receiver.begin());
        return true;
    }

    /**
     * Whether a line has ended, or something came that no line may have, since the section was looked at: what drips in is
     * not parsed at every drop, and what is wrong with it is found at once all the same.
     */
    private boolean holdsNews(ByteBuf in) {
        int readable = in.readableBytes();
        boolean news = in.forEachByte(in.readerIndex() + searched, readable - searched, INSIDE_A_LINE) >= 0;
        searched = readable;
        return news;
    }

    private void bodyFollows(long length) throws BadMessage {
        if (state == State.STOPPED) {
            return;
        }
        if (length == SWITCHED) {
            state = State.STOPPED;
        } else if (length == CHUNKED) {
            state = State.CHUNK_SIZE;
        } else if (length == UNTIL_CLOSE) {
            state = State.UNTIL_CLOSE;
        } else if (length == 0) {
            end(null);
        } else if (length > 0) {
            state = State.FIXED;
            remaining = length;
        }
    }

    private void end(@Nullable Fields trailers) throws BadMessage {
        State before = state;
        passGathered();
        if (state == before) {
            state = State.HEAD;
            receiver.end(trailers);
        }
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc9112#section-7.1">RFC 9112 §7.1</a>: digits, perhaps extensions, CRLF. */
    private boolean chunkSize(ByteBuf in) throws BadMessage {
        int from = in.readerIndex();
        int to = in.writerIndex();
        long size = 0;
        int at = from;
        for (int digit; at < to && (digit = Ascii.hex(in.getByte(at))) >= 0; at++) {
            if (at - from == MAX_CHUNK_DIGITS) {
                throw new BadMessage(malformed, "chunk size has over " + MAX_CHUNK_DIGITS + " digits");
            }
            size = size * 16 + digit;
        }
        if (at < to && at == from) {
            throw new BadMessage(malformed, "chunk size is not a hexadecimal number");
        }
        while (tolerated != null && at < to && (in.getByte(at) == ' ' || in.getByte(at) == '\t')) {
            // Servers of old write all sizes in a field of the same width.
            at++;
        }
        if (at < to && in.getByte(at) != '\r' && in.getByte(at) != ';' && !isTolerated(in.getByte(at))) {
            throw new BadMessage(malformed, "chunk size is followed by neither CRLF nor an extension");
        }
        while (at < to && in.getByte(at) != '\r' && !isTolerated(in.getByte(at))) {
            if (!Ascii.isValue(in.getByte(at))) {
                throw new BadMessage(malformed, "chunk extension has a control character or bare LF");
            }
            at++;
        }
        if (at - from > MAX_CHUNK_LINE) {
            throw new BadMessage(malformed, "chunk-size line over " + MAX_CHUNK_LINE + " bytes");
        }
        if (!lineEnd(in, at, "chunk-size line: bare CR")) {
            return false;
        }
        remaining = size;
        state = size == 0 ? State.TRAILERS : State.CHUNK_DATA;
        return true;
    }

    private boolean chunkEnd(ByteBuf in) throws BadMessage {
        byte first = in.getByte(in.readerIndex());
        if (first != '\r' && !isTolerated(first)) {
            throw new BadMessage(malformed, "chunk data is longer than its size, or not followed by CRLF");
        }
        if (!lineEnd(in, in.readerIndex(), "chunk data is not followed by CRLF")) {
            return false;
        }
        state = State.CHUNK_SIZE;
        return true;
    }

    /** A line that ends in LF alone, where that is put up with. */
    private boolean isTolerated(byte lineFeed) {
        return lineFeed == '\n' && tolerated != null && tolerated.contains(Tolerance.BARE_LF);
    }

    /** Goes behind the line that ends at {@code at}; false where its end has not come yet. */
    private boolean lineEnd(ByteBuf in, int at, String fault) throws BadMessage {
        int to = in.writerIndex();
        if (at == to) {
            return false;
        }
        if (in.getByte(at) == '\n') {
            in.readerIndex(at + 1);
            return true;
        }
        if (at + 1 == to) {
            return false;
        }
        if (in.getByte(at + 1) != '\n') {
            throw new BadMessage(malformed, fault);
        }
        in.readerIndex(at + 2);
        return true;
    }

    private boolean trailers(ByteBuf in) throws BadMessage {
        int readable = in.readableBytes();
        byte[] scratch = space.bytes();
        if (searched > 0 && readable < scratch.length && !holdsNews(in)) {
            return false;
        }
        int length = Math.min(readable, scratch.length);
        in.getBytes(in.readerIndex(), scratch, 0, length);
        Fields trailers = space.parser().trailers(scratch, length, malformed, tolerated);
        if (trailers == null) {
            if (readable >= scratch.length) {
                throw new BadMessage(malformed, "trailer section over " + scratch.length + " bytes");
            }
            searched = readable;
            return false;
        }
        searched = 0;
        in.skipBytes(trailers.bytes().length);
        end(trailers.count() == 0 ? null : trailers);
        return true;
    }

    /** Of the head that is due, as much as came and fits. */
    public int peek(byte[] into) {
        ByteBuf held = pending;
        int length = held == null ? 0 : Math.min(held.readableBytes(), into.length);
        if (held != null) {
            held.getBytes(held.readerIndex(), into, 0, length);
        }
        return length;
    }

    /** True where bytes came that have not been passed on: of a head, or of the framing of a body. */
    public boolean holdsBytes() {
        return pending != null && pending.isReadable();
    }

    /** True where bytes of a message came whose head has not been passed on; the one before is complete. */
    public boolean holdsNextMessage() {
        return state == State.HEAD && holdsBytes();
    }

    public boolean isUntilClose() {
        return state == State.UNTIL_CLOSE;
    }

    /** From now on everything is body, as it comes; what was held back is passed on at once. */
    public void pass() throws BadMessage {
        if (state != State.STOPPED) {
            state = State.UNTIL_CLOSE;
            decode();
        }
    }

    /** Nothing is decoded any more; returns what was held back, which the caller now owns. */
    @Nullable ByteBuf stop() {
        state = State.STOPPED;
        ByteBuf forNobody = gathered;
        gathered = null;
        release(forNobody);
        ByteBuf rest = pending;
        pending = null;
        return rest;
    }

    /** Nothing is decoded any more; what was held back is let go. */
    public void close() {
        release(stop());
    }

    private void releasePending() {
        ByteBuf empty = pending;
        pending = null;
        release(empty);
    }

    private static void release(@Nullable ByteBuf bytes) {
        if (bytes != null) {
            bytes.release();
        }
    }
}
