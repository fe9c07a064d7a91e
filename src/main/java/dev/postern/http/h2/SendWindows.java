package dev.postern.http.h2;

import dev.postern.machine.MachineErrors;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How much the other end of a connection takes now, of all bodies together and of each (the trade's word: flow control, <a
 * href="https://datatracker.ietf.org/doc/html/rfc9113#section-5.2">RFC 9113 §5.2</a>). What it takes goes out at once; what it
 * does not waits here, and goes out a frame of each stream after the other. What is said of priorities is not looked at (RFC 9113
 * §5.3). Event loop only.
 */
final class SendWindows implements Http2RemoteFlowController {
    /** Bytes. A channel that takes less is taken to take as much. */
    private static final int LEAST = 32 * 1024;

    private static final Logger LOG = LoggerFactory.getLogger(SendWindows.class);

    private final Http2Connection connection;
    private final GatheredFrames frames;
    private final Http2Connection.PropertyKey key;
    /** Those with something to send that could be sent, as far as they are concerned. */
    private final Queue<SendWindow> line = new ArrayDeque<>();
    /** Those whose senders were told to stop. */
    private List<SendWindow> stopped = new ArrayList<>();

    private @Nullable ChannelHandlerContext ctx;
    private @Nullable Ends ends;
    /** Of a stream that begins. */
    private int initial = Http2CodecUtil.DEFAULT_WINDOW_SIZE;

    private int size = Http2CodecUtil.DEFAULT_WINDOW_SIZE;

    /** What becomes of the streams whose last frame has left us, or never will. */
    interface Ends {
        void sent(Http2Stream stream);
    }

    SendWindows(Http2Connection connection, GatheredFrames frames) {
        this.connection = connection;
        this.frames = frames;
        this.key = connection.newKey();
        connection.addListener(new Streams());
    }

    void leadTo(Ends its) {
        ends = its;
    }

    private final class Streams extends Http2ConnectionAdapter {
        @Override
        public void onStreamAdded(Http2Stream stream) {
            stream.setProperty(key, new SendWindow(SendWindows.this, stream, initial));
        }

        @Override
        public void onStreamClosed(Http2Stream stream) {
            SendWindow mine = of(stream);
            if (mine != null) {
                boolean waited = mine.waiting() > 0;
                mine.over();
                if (waited && !stopped.isEmpty()) {
                    // Not in the middle of what ends it.
                    channel().eventLoop().execute(SendWindows.this::tellStopped);
                }
            }
        }
    }

    /** Null of the connection itself. */
    @Nullable SendWindow of(Http2Stream stream) {
        return stream.getProperty(key);
    }

    // ---- what is sent

    /**
     * Takes ownership of {@code part}.
     *
     * @return false where the stream takes nothing any more
     */
    boolean body(SendWindow stream, ByteBuf part) {
        if (!stream.isOpen()) {
            part.release();
            return false;
        }
        int length = part.readableBytes();
        if (fits(stream, length)) {
            frame(stream, part, false);
        } else {
            stream.add(part);
            lineUp(stream);
        }
        return true;
    }

    /**
     * The last part of a body, and its end. Takes ownership of {@code part}.
     *
     * @return false where the stream takes nothing any more
     */
    boolean bodyEnd(SendWindow stream, ByteBuf part) {
        if (!stream.isOpen()) {
            part.release();
            return false;
        }
        int length = part.readableBytes();
        if (fits(stream, length)) {
            stream.ended();
            frame(stream, part, true);
            return true;
        }
        if (length > 0) {
            stream.add(part);
        } else {
            part.release();
        }
        stream.addEnd(null);
        lineUp(stream);
        return true;
    }

    /**
     * The end of a body, behind all of it.
     *
     * @param block of trailers, which names nothing of the table
     * @return false where the stream takes nothing any more
     */
    boolean trailers(SendWindow stream, byte[] block) {
        if (!stream.isOpen()) {
            return false;
        }
        stream.addEnd(block);
        if (stream.waiting() == 0) {
            end(stream);
        } else {
            lineUp(stream);
        }
        return true;
    }

    private boolean fits(SendWindow stream, int length) {
        return stream.waiting() == 0
                && (length == 0
                        || (length <= stream.size()
                                && length <= size
                                && length <= frames.maxFrameSize()
                                && channel().isWritable()));
    }

    private void frame(SendWindow stream, ByteBuf part, boolean last) {
        int length = part.readableBytes();
        size -= length;
        frames.data(context(), stream, part, last);
        stream.let(length);
    }

    private void end(SendWindow stream) {
        byte[] block = stream.trailers();
        stream.ended();
        if (block == null) {
            frames.data(context(), stream, Unpooled.EMPTY_BUFFER, true);
        } else {
            frames.trailers(context(), stream, block);
        }
    }

    /** Its last frame has left us, or never will. */
    void sent(Http2Stream stream) {
        if (ends != null) {
            ends.sent(stream);
        }
    }

    // ---- what waits

    private void lineUp(SendWindow stream) {
        if (stream.canSend() && stream.queue()) {
            line.add(stream);
        }
    }

    @Override
    public void writePendingBytes() {
        int left = line.size();
        if (left == 0) {
            return;
        }
        boolean written = false;
        // Once around without a frame: nothing more can be sent.
        while (left > 0) {
            SendWindow next = Objects.requireNonNull(line.poll(), "next");
            left--;
            if (!next.isToSend() || !next.canSend()) {
                next.dequeue();
                continue;
            }
            if (next.waiting() > 0) {
                int most = Math.min(Math.min(room(), next.size()), frames.maxFrameSize());
                if (most <= 0) {
                    line.add(next);
                    continue;
                }
                ByteBuf part = next.take(most);
                boolean last = next.waiting() == 0 && !next.isOpen() && next.trailers() == null;
                if (last) {
                    next.ended();
                }
                frame(next, part, last);
                written = true;
            }
            if (next.isToSend() && next.waiting() == 0) {
                end(next);
            }
            if (next.isToSend() && next.canSend()) {
                line.add(next);
            } else {
                next.dequeue();
            }
            left = line.size();
        }
        if (written) {
            tellStopped();
        }
    }

    private int room() {
        if (!channel().isWritable()) {
            return 0;
        }
        return (int) Math.min(size, Math.max(channel().bytesBeforeUnwritable(), LEAST));
    }

    /** Whether more would go out at once; where not, its sender is told once it would. */
    boolean isWritable(SendWindow stream) {
        boolean writable = stream.isOpen()
                && stream.size() > stream.waiting()
                && size > claimed()
                && channel().isWritable();
        if (!writable && stream.isOpen() && stream.stop()) {
            stopped.add(stream);
        }
        return writable;
    }

    /** Of the window of the connection: what would go out by now, if only that let it. */
    private long claimed() {
        long claimed = 0;
        for (SendWindow stream : line) {
            if (stream.isToSend()) {
                claimed += Math.min(stream.waiting(), Math.max(0, stream.size()));
            }
        }
        return claimed;
    }

    private void tellStopped() {
        if (stopped.isEmpty()) {
            return;
        }
        List<SendWindow> asked = stopped;
        stopped = new ArrayList<>();
        for (SendWindow stream : asked) {
            stream.goOn();
            // Which has it stop again where it still has to.
            if (isWritable(stream)) {
                tell(stream);
            }
        }
    }

    /** What one of them does wrong is not to keep it from the others. */
    private static void tell(SendWindow stream) {
        try {
            stream.becameWritable();
        } catch (RuntimeException e) {
            MachineErrors.check(e);
            LOG.error("stream {}: bug", stream.id(), e);
        }
    }

    // ---- what the other end says

    @Override
    public void incrementWindowSize(Http2Stream stream, int more) throws Http2Exception {
        SendWindow mine = of(stream);
        if (mine == null) {
            if (size > Integer.MAX_VALUE - more) {
                throw Http2Exception.connectionError(
                        Http2Error.FLOW_CONTROL_ERROR, "window of the connection over 2^31-1 bytes");
            }
            size += more;
        } else {
            if (mine.size() > Integer.MAX_VALUE - more) {
                throw Http2Exception.streamError(
                        stream.id(), Http2Error.FLOW_CONTROL_ERROR, "window over 2^31-1 bytes");
            }
            mine.change(more);
            lineUpAgain(mine);
        }
        tellStopped();
    }

    private void lineUpAgain(SendWindow stream) {
        if (stream.isToSend()) {
            lineUp(stream);
        }
    }

    /** Those that are open become larger or smaller by as much (RFC 9113 §6.9.2). */
    @Override
    public void initialWindowSize(int next) throws Http2Exception {
        int more = next - initial;
        initial = next;
        connection.forEachActiveStream(stream -> {
            SendWindow mine = of(stream);
            if (mine != null) {
                if (more > 0 && mine.size() > Integer.MAX_VALUE - more) {
                    throw Http2Exception.connectionError(
                            Http2Error.FLOW_CONTROL_ERROR, "window of stream %d over 2^31-1 bytes", stream.id());
                }
                mine.change(more);
                lineUpAgain(mine);
            }
            return true;
        });
        if (more > 0) {
            tellStopped();
        }
    }

    @Override
    public int initialWindowSize() {
        return initial;
    }

    @Override
    public int windowSize(Http2Stream stream) {
        SendWindow mine = of(stream);
        return mine == null ? size : mine.size();
    }

    @Override
    public void channelWritabilityChanged() {
        if (channel().isWritable()) {
            tellStopped();
        }
    }

    // ---- Netty's own way through here, which nothing takes

    @Override
    public void channelHandlerContext(ChannelHandlerContext its) {
        ctx = its;
    }

    @Override
    public ChannelHandlerContext channelHandlerContext() {
        return context();
    }

    private ChannelHandlerContext context() {
        return Objects.requireNonNull(ctx, "ctx");
    }

    private Channel channel() {
        return context().channel();
    }

    @Override
    public void addFlowControlled(Http2Stream stream, FlowControlled payload) {
        payload.error(context(), new UnsupportedOperationException("bodies are sent by SendWindows.body"));
    }

    @Override
    public boolean hasFlowControlled(Http2Stream stream) {
        SendWindow mine = of(stream);
        return mine != null && mine.isToSend();
    }

    @Override
    public void listener(Listener listener) {
        // Each stream is told by itself.
    }

    @Override
    public boolean isWritable(Http2Stream stream) {
        SendWindow mine = of(stream);
        return mine != null && isWritable(mine);
    }

    @Override
    public void updateDependencyTree(int child, int parent, short weight, boolean exclusive) {
        // Priorities are not looked at.
    }
}
