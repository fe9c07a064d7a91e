package dev.postern.http.h2;

import dev.postern.http.message.RawFields;
import dev.postern.machine.MachineErrors;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an HTTP/2 connection does alike towards a client and towards a server: frames in, told by name; heads, bodies and
 * resets out; windows; how it ends when something is broken. Event loop only.
 *
 * @param <S> what is known of a stream
 */
abstract class Http2Wire<S> extends Http2ConnectionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(Http2Wire.class);

    private final GatheredFrames out;
    private final SendWindows sendWindows;
    private final Channel channel;
    private final Ticker ticker;
    private final FrameBudget budget;
    private final ReceiveWindows windows;
    private final Http2Connection.PropertyKey key;
    private @Nullable ChannelHandlerContext ctx;
    /** Before this turn of the event loop ends. */
    private boolean flushes;

    Http2Wire(Http2Parts parts, Http2Settings settings, Channel channel) {
        super(parts.decoder(), parts.encoder(), settings);
        this.out = parts.encoder().frames();
        this.sendWindows = parts.windows();
        this.channel = channel;
        this.ticker = channel.eventLoop().ticker();
        this.budget = parts.budget();
        this.key = parts.key();
        this.windows = new ReceiveWindows(decoder().flowController(), WindowBudget.PROCESS, this::flushSoon, ticker);
        sendWindows.leadTo(this::wasSent);
        parts.frames().leadTo(this);
        // No wait at the end: the grace of the whole process is the bound, and closeNow keeps to it.
        gracefulShutdownTimeoutMillis(-1);
    }

    /** {@code client 192.0.2.1:33224}, {@code server 10.0.0.1:8080}; for the log. */
    abstract String peer();

    /** Now, by the clock of the event loop. */
    final long nanos() {
        return ticker.nanoTime();
    }

    // ---- what comes

    abstract void headers(int id, RawFields fields, boolean endOfStream) throws Http2Exception;

    /** Returns how many of the bytes the other end may send anew at once. */
    abstract int data(int id, ByteBuf data, boolean endOfStream);

    abstract void wasReset(int id, long errorCode) throws Http2Exception;

    void settings(Http2Settings settings) {}

    void pingAnswered() {}

    /** Nothing more can be read or written, and it was no failure of the network. */
    abstract void broke();

    /** What the decoder found. Told of the connection as soon as there is one. */
    static final class Frames extends Http2FrameAdapter {
        private @Nullable Http2Wire<?> wire;

        void leadTo(Http2Wire<?> made) {
            wire = made;
        }

        private Http2Wire<?> wire() {
            return Objects.requireNonNull(wire, "wire");
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean endOfStream)
                throws Http2Exception {
            wire().headers(streamId, ((DecodedFields) headers).raw(), endOfStream);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int streamId,
                Http2Headers headers,
                int streamDependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean endOfStream)
                throws Http2Exception {
            wire().headers(streamId, ((DecodedFields) headers).raw(), endOfStream);
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream) {
            return wire().data(streamId, data, endOfStream) + padding;
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode) throws Http2Exception {
            wire().wasReset(streamId, errorCode);
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) throws Http2Exception {
            wire().settings(settings);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long data) {
            wire().pingAnswered();
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        ctx = added;
        super.handlerAdded(added);
    }

    /** Lets the other end send more than RFC 9113 §6.9.2 has it begin with. */
    final void opensWindow(ChannelHandlerContext to) throws Http2Exception {
        decoder()
                .flowController()
                .incrementWindowSize(
                        connection().connectionStream(), Http2Limits.CONNECTION_WINDOW - Http2Limits.STREAM_WINDOW + 1);
        to.flush();
    }

    final Channel channel() {
        return channel;
    }

    final FrameBudget budget() {
        return budget;
    }

    final ReceiveWindows windows() {
        return windows;
    }

    final ChannelHandlerContext context() {
        return Objects.requireNonNull(ctx, "ctx");
    }

    // ---- streams

    final @Nullable S known(@Nullable Http2Stream stream) {
        return stream == null ? null : stream.getProperty(key);
    }

    final @Nullable S stream(int id) {
        return known(connection().stream(id));
    }

    final void know(Http2Stream stream, S mine) {
        stream.setProperty(key, mine);
    }

    final @Nullable S forget(Http2Stream stream) {
        return stream.removeProperty(key);
    }

    // ---- what goes out

    /** How much of the body of {@code stream}, which is {@code sender}'s, the other end takes. */
    final SendWindow sendWindow(Http2Stream stream, SendWindow.Sender sender) {
        SendWindow window = Objects.requireNonNull(sendWindows.of(stream), "window");
        window.sender(sender);
        return window;
    }

    /** Whether more of it would go out at once; where not, its sender is told once it would. */
    final boolean isWritable(SendWindow body) {
        return sendWindows.isWritable(body);
    }

    /** Where a head is put together, before anything else is, that {@link #writeHead} then writes. */
    final HpackWriter head() {
        return out.heads().begin();
    }

    /** Where trailers are put together, which may have to wait for what is before them. */
    final HpackWriter aside() {
        return out.heads();
    }

    /** The head that was put together; nothing where the stream is over. */
    final void writeHead(SendWindow to, boolean last) {
        if (!to.isOpen()) {
            return;
        }
        to.begins();
        out.head(context(), to, last);
        if (last) {
            to.ended();
        }
    }

    /** As {@link #writeHead}, of an interim response. */
    final void writeInterim(SendWindow to) {
        if (to.isOpen()) {
            out.head(context(), to, false);
        }
    }

    /** Takes ownership of {@code part}. */
    final void writeBody(SendWindow to, ByteBuf part) {
        budget.dataSent(part.readableBytes());
        sendWindows.body(to, part);
    }

    /**
     * The last part. Takes ownership of {@code part}.
     *
     * @param trailers null where there are none
     */
    final void writeEnd(SendWindow to, ByteBuf part, byte @Nullable [] trailers) {
        budget.dataSent(part.readableBytes());
        if (trailers == null) {
            sendWindows.bodyEnd(to, part);
        } else {
            if (part.isReadable()) {
                sendWindows.body(to, part);
            } else {
                part.release();
            }
            sendWindows.trailers(to, trailers);
        }
    }

    private void wasSent(Http2Stream stream) {
        if (stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE) {
            closeStream(stream, context().newSucceededFuture());
        }
    }

    void reset(Http2Stream stream, Http2Error error) {
        ChannelHandlerContext to = context();
        resetStream(to, stream.id(), error.code(), to.newPromise()).addListener(this::observed);
    }

    /** Gives bytes back to the window of the other end. */
    final void consumed(Http2Stream stream, int bytes) {
        try {
            if (decoder().flowController().consumeBytes(stream, bytes)) {
                flushSoon();
            }
        } catch (Http2Exception e) {
            LOG.debug("{}: stream {}: window", peer(), stream.id(), e);
        }
    }

    /**
     * Sends what is written once the loop has read what there is from all its connections: what is written meanwhile, be it for one
     * stream or for many, goes out together.
     */
    void flushSoon() {
        if (!flushes) {
            flushes = true;
            channel.eventLoop().execute(this::flushNow);
        }
    }

    private void flushNow() {
        if (flushes && !context().isRemoved()) {
            flush(context());
        }
    }

    @Override
    public void flush(ChannelHandlerContext on) {
        flushes = false;
        sendWindows.writePendingBytes();
        out.handOn(on);
        on.flush();
    }

    // ---- the end

    /** With what was gathered before. */
    @Override
    public void close(ChannelHandlerContext on, ChannelPromise promise) throws Exception {
        out.handOn(on);
        super.close(on, promise);
    }

    @Override
    public void handlerRemoved0(ChannelHandlerContext removed) throws Exception {
        super.handlerRemoved0(removed);
        // What streams have written while they were ended.
        out.close();
    }

    /** A frame for a stream that is over, which is not told: the other end may not have heard of our reset yet. */
    final void late(ChannelHandlerContext on) {
        try {
            budget.late();
        } catch (Http2Exception enough) {
            onError(on, false, enough);
        }
    }

    final void closeContext() {
        out.handOn(context());
        context().close().addListener(this::observed);
    }

    final void observed(Future<?> done) {
        if (!done.isSuccess()) {
            LOG.debug("{}: HTTP/2: {}", peer(), String.valueOf(done.cause()));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext on, Throwable cause) throws Exception {
        MachineErrors.check(cause);
        LOG.debug("{}: {}", peer(), cause.toString());
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
            super.exceptionCaught(on, cause);
        } else if (!(cause instanceof IOException)) {
            // After a reset, or a failure of TLS, the channel becomes inactive by itself.
            broke();
        }
    }
}
