package dev.postern.http.h2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * How much of one body the other end takes now, and what waits until it takes more
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-5.2">RFC 9113 §5.2</a>). Event loop only.
 */
final class SendWindow {
    private final SendWindows connection;
    private final Http2Stream stream;
    private @Nullable Sender sender;

    /** Bytes; below 0 where the other end has made it smaller since. */
    private int size;

    private @Nullable Queue<ByteBuf> parts;
    private int waiting;
    /** Behind what waits. */
    private byte @Nullable [] trailers;

    private Phase phase = Phase.OPEN;
    /** Whether {@link SendWindows} has it in line. */
    private boolean queued;
    /** Whether its sender was told to stop. */
    private boolean stopped;

    private enum Phase {
        OPEN,
        /** The end waits behind what waits. */
        ENDS,
        /** The last frame is written, or on its way. */
        ENDED,
        /** There is no stream any more. */
        OVER
    }

    /** Whose body it is. */
    interface Sender {
        /** Was told that it could not write, and can. */
        void becameWritable();

        /** So many bytes more are handed to the connection. */
        default void let(int bytes) {}

        /** The last frame has left us. */
        default void sentAll() {}

        /** It has not: the connection is at its end. */
        default void notSent(Throwable why) {}
    }

    SendWindow(SendWindows connection, Http2Stream stream, int size) {
        this.connection = connection;
        this.stream = stream;
        this.size = size;
    }

    void sender(Sender its) {
        sender = its;
    }

    int id() {
        return stream.id();
    }

    int size() {
        return size;
    }

    void change(int bytes) {
        size += bytes;
    }

    /** Bytes of the body that are not sent yet. */
    int waiting() {
        return waiting;
    }

    /** Whether more may be written. */
    boolean isOpen() {
        return phase == Phase.OPEN && !isReset();
    }

    /** We have, or Netty has: the other end takes nothing more of it, though the frame may not have left us. */
    private boolean isReset() {
        return stream.isResetSent() || !stream.state().localSideOpen();
    }

    /** Whether anything is to be sent, be it the end alone. */
    boolean isToSend() {
        return phase != Phase.OVER && (waiting > 0 || phase == Phase.ENDS) && !isReset();
    }

    /** Whether that could be done now, as far as this stream is concerned. */
    boolean canSend() {
        return waiting == 0 ? phase == Phase.ENDS : size > 0;
    }

    /** Takes ownership of {@code part}. */
    void add(ByteBuf part) {
        Queue<ByteBuf> mine = parts;
        if (mine == null) {
            mine = new ArrayDeque<>(4);
            parts = mine;
        }
        mine.add(part);
        waiting += part.readableBytes();
    }

    /** @param block of trailers; null where there are none */
    void addEnd(byte @Nullable [] block) {
        trailers = block;
        phase = Phase.ENDS;
    }

    byte @Nullable [] trailers() {
        return trailers;
    }

    /** The next frame of what waits, of at most so many bytes; the caller's to release. */
    ByteBuf take(int most) {
        Queue<ByteBuf> mine = Objects.requireNonNull(parts, "parts");
        ByteBuf head = Objects.requireNonNull(mine.peek(), "head");
        int length = head.readableBytes();
        ByteBuf taken;
        if (length <= most) {
            taken = head;
            mine.remove();
        } else {
            taken = head.readRetainedSlice(most);
            length = most;
        }
        waiting -= length;
        return taken;
    }

    /** Its head is written; an interim one is none. */
    void begins() {
        stream.headersSent(false);
    }

    /**
     * Its last frame is about to be written. A stream whose other side is open is half closed from then on; any other is over once
     * that has left us.
     */
    void ended() {
        phase = Phase.ENDED;
        if (stream.state() == Http2Stream.State.OPEN) {
            stream.closeLocalSide();
        }
    }

    /** So many bytes more are handed to the connection. */
    void let(int bytes) {
        size -= bytes;
        if (sender != null) {
            sender.let(bytes);
        }
    }

    /** Enters the line; false where it was there. */
    boolean queue() {
        boolean before = queued;
        queued = true;
        return !before;
    }

    void dequeue() {
        queued = false;
    }

    /** Its sender stops; false where it had. */
    boolean stop() {
        boolean before = stopped;
        stopped = true;
        return !before;
    }

    void goOn() {
        stopped = false;
    }

    void becameWritable() {
        if (sender != null) {
            sender.becameWritable();
        }
    }

    /** @param why null where the last frame has left us */
    void sent(@Nullable Throwable why) {
        connection.sent(stream);
        if (sender == null || phase == Phase.OVER) {
            return;
        }
        if (why == null) {
            sender.sentAll();
        } else {
            sender.notSent(why);
        }
    }

    /** The stream is over: nothing that waits will be sent. */
    void over() {
        phase = Phase.OVER;
        waiting = 0;
        Queue<ByteBuf> mine = parts;
        if (mine != null) {
            parts = null;
            mine.forEach(ByteBuf::release);
        }
    }
}
