package dev.postern.http.h2;

import dev.postern.backend.Server;
import dev.postern.http.exchange.ResponseReceiver;
import dev.postern.http.exchange.Worker;
import dev.postern.machine.MachineErrors;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An HTTP/2 connection to a server, in plaintext and by prior knowledge
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-3.3">RFC 9113 §3.3</a>): the exchanges of many clients at
 * once, each on a {@link Http2ServerStream} of its own. Counts as made once the server's SETTINGS have come, so that
 * nothing is ever sent to one that speaks something else. Event loop only.
 */
final class Http2ServerConnection extends Http2ConnectionHandler {
    private static final Logger LOG = LoggerFactory.getLogger(Http2ServerConnection.class);

    /** However many a server allows: all of them share one TCP connection, and its losses. */
    private static final int MAX_STREAMS = 1000;

    /** Identifiers run out at 2^31; long before, another connection takes over. */
    private static final int LAST_STREAM = 1 << 30;

    /** A server that has said nothing at all for as long as this is asked whether it is there before it gets more. */
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** For the answer to that. */
    private static final long PING_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Worker worker;
    private final Server server;
    private final Channel channel;
    private final Http2ServerConnections pool;
    private final Http2Connection.PropertyKey key;
    private final FrameBudget budget;
    private final ReceiveWindows windows;
    // Whom to flush once everything that was read has been passed on.
    private final Set<ResponseReceiver> fed = new LinkedHashSet<>();

    private @Nullable ChannelHandlerContext ctx;
    private boolean ready;
    private boolean retired;
    private boolean takesTunnels;
    private boolean reading;
    private boolean flushScheduled;
    private boolean probing;
    private long probeNanos;
    private long readNanos = System.nanoTime();
    /** Since when no stream is open. */
    private long idleNanos = System.nanoTime();

    private int lastStreamKept = Integer.MAX_VALUE;

    private Http2ServerConnection(
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings,
            Worker worker,
            Server server,
            Channel channel,
            FrameBudget budget,
            Http2ServerConnections pool) {
        super(decoder, encoder, settings);
        this.worker = worker;
        this.server = server;
        this.channel = channel;
        this.budget = budget;
        this.windows = new ReceiveWindows(decoder.flowController(), WindowBudget.PROCESS, this::flushSoon);
        this.pool = pool;
        this.key = connection().newKey();
        connection().addListener(new Streams());
        encoder.flowController().listener(this::streamBecameWritable);
        gracefulShutdownTimeoutMillis(-1);
    }

    static Http2ServerConnection of(Worker worker, Server server, Channel channel, Http2ServerConnections pool) {
        return new Builder(worker, server, channel, pool).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<Http2ServerConnection, Builder> {
        private final Worker worker;
        private final Server server;
        private final Channel channel;
        private final Http2ServerConnections pool;
        private final Frames frames = new Frames();
        private final HeaderBlocks blocks;

        Builder(Worker worker, Server server, Channel channel, Http2ServerConnections pool) {
            this.worker = worker;
            this.server = server;
            this.channel = channel;
            this.pool = pool;
            blocks = HeaderBlocks.ofResponses(
                    worker.responseSpace().bytes().length, worker.headParser().maxResponseFields());
            DefaultHttp2Connection connection = new DefaultHttp2Connection(false, 0);
            Http2Limits.controlFlow(connection, new UniformStreamByteDistributor(connection));
            connection(connection);
            frameListener(frames);
            initialSettings(Http2Settings.defaultSettings()
                    .pushEnabled(false)
                    .initialWindowSize(Http2Limits.STREAM_WINDOW)
                    .headerTableSize(Http2Limits.HEADER_TABLE)
                    .maxHeaderListSize(blocks.maxHeaderListSize()));
            encoderEnforceMaxConcurrentStreams(false);
            encoderEnforceMaxQueuedControlFrames(Http2Limits.MAX_QUEUED_CONTROL_FRAMES);
            // Of these there are bounds of our own.
            decoderEnforceMaxConsecutiveEmptyDataFrames(0);
        }

        @Override
        public Http2ServerConnection build() {
            return super.build();
        }

        @Override
        protected Http2ServerConnection build(
                Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
            FrameBudget budget = FrameBudget.ofServer();
            Http2ServerConnection made = new Http2ServerConnection(
                    Http2Limits.decoder(encoder, blocks, budget),
                    encoder,
                    settings,
                    worker,
                    server,
                    channel,
                    budget,
                    pool);
            frames.connection = made;
            return made;
        }
    }

    Worker worker() {
        return worker;
    }

    ReceiveWindows windows() {
        return windows;
    }

    Server server() {
        return server;
    }

    Channel channel() {
        return channel;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) throws Exception {
        ctx = added;
        super.handlerAdded(added);
    }

    @Override
    public void channelActive(ChannelHandlerContext active) throws Exception {
        super.channelActive(active);
        Http2Stream whole = connection().connectionStream();
        decoder()
                .flowController()
                .incrementWindowSize(whole, Http2Limits.CONNECTION_WINDOW - Http2Limits.STREAM_WINDOW + 1);
        active.flush();
    }

    private ChannelHandlerContext context() {
        return Objects.requireNonNull(ctx, "ctx");
    }

    // ---- streams

    /** Whether it can carry one more exchange now. */
    boolean hasRoom() {
        return ready
                && !retired
                && !probing
                && connection().local().numActiveStreams() < MAX_STREAMS
                && connection().local().canOpenStream()
                && connection().local().lastStreamCreated() < LAST_STREAM;
    }

    /** Whether nothing is under way on it, and nothing could be: its server allows no streams now. */
    boolean isUseless() {
        return ready && !probing && streams() == 0 && !hasRoom();
    }

    /** How many streams it takes at once. */
    int maxStreams() {
        return Math.max(1, Math.min(MAX_STREAMS, connection().local().maxActiveStreams()));
    }

    /** Whether the server takes WebSockets, <a href="https://datatracker.ietf.org/doc/html/rfc8441#section-3">RFC 8441 §3</a>. */
    boolean takesTunnels() {
        return takesTunnels;
    }

    /** Under way now. */
    int streams() {
        return connection().local().numActiveStreams();
    }

    /** Begins a stream; null where the connection does not allow it after all. */
    @Nullable Http2Stream begin(Http2ServerStream mine, Http2Headers head, boolean last) {
        ChannelHandlerContext to = context();
        int id = connection().local().incrementAndGetNextStreamId();
        encoder().writeHeaders(to, id, head, 0, last, to.newPromise()).addListener(mine);
        Http2Stream stream = connection().stream(id);
        if (stream != null) {
            budget.streamBegan();
            stream.setProperty(key, mine);
        }
        return stream;
    }

    void writeTrailers(Http2Stream stream, Http2Headers trailers, Http2ServerStream mine) {
        ChannelHandlerContext to = context();
        encoder()
                .writeHeaders(to, stream.id(), trailers, 0, true, to.newPromise())
                .addListener(mine);
    }

    /** Takes ownership of {@code part}. */
    void writeBody(Http2Stream stream, ByteBuf part, boolean last, Http2ServerStream mine) {
        ChannelHandlerContext to = context();
        budget.dataSent(part.readableBytes());
        encoder().writeData(to, stream.id(), part, 0, last, to.newPromise()).addListener(mine);
    }

    boolean isWritable(Http2Stream stream) {
        return channel.isWritable() && encoder().flowController().isWritable(stream);
    }

    void reset(Http2Stream stream, Http2Error error) {
        ChannelHandlerContext to = context();
        resetStream(to, stream.id(), error.code(), to.newPromise()).addListener(written -> {
            if (!written.isSuccess()) {
                LOG.debug("server {}: stream {}: reset failed", server, stream.id(), written.cause());
            }
        });
        flushSoon();
    }

    /** Gives bytes back to the window of the server. */
    void consumed(Http2Stream stream, int bytes) {
        try {
            if (decoder().flowController().consumeBytes(stream, bytes)) {
                flushSoon();
            }
        } catch (Http2Exception e) {
            LOG.debug("server {}: stream {}: window", server, stream.id(), e);
        }
    }

    /** Once the loop has read what there is from all its connections: many streams are flushed together. */
    void flushSoon() {
        if (!flushScheduled) {
            flushScheduled = true;
            worker.loop().execute(this::flushNow);
        }
    }

    private void flushNow() {
        flushScheduled = false;
        flush(context());
    }

    private void streamBecameWritable(Http2Stream stream) {
        Http2ServerStream mine = stream.getProperty(key);
        if (mine != null && isWritable(stream)) {
            mine.becameWritable();
        }
    }

    /** Nothing has come since {@code sinceNanos} on a stream that was given up: is the server there at all? */
    void heardNothingSince(long sinceNanos) {
        long now = System.nanoTime();
        if (!probing && !retired && readNanos - sinceNanos < 0 && now - readNanos > SILENCE_NANOS) {
            probing = true;
            probeNanos = now;
            ChannelHandlerContext to = context();
            encoder().writePing(to, false, now, to.newPromise()).addListener(this::observed);
            flushSoon();
        }
    }

    /** Ends what is of no use any more. */
    void check(long now, long maxIdleNanos) {
        if (probing && now - probeNanos > PING_NANOS) {
            worker.warnings().closed(server, "no answer to a PING", System.nanoTime());
            retire();
            closeNow();
        } else if (server.isRetired() || (streams() == 0 && now - idleNanos > maxIdleNanos)) {
            retire();
        }
    }

    /** No new streams; closed once those under way have ended. */
    void retire() {
        if (!retired) {
            retired = true;
            pool.remove(this);
            channel.close().addListener((ChannelFuture closed) -> observed(closed));
        }
    }

    void closeNow() {
        context().close().addListener((ChannelFuture closed) -> observed(closed));
    }

    private void observed(io.netty.util.concurrent.Future<?> done) {
        if (!done.isSuccess()) {
            LOG.debug("server {}: HTTP/2: {}", server, String.valueOf(done.cause()));
        }
    }

    // ---- what comes

    /** What the decoder found. Told of the connection as soon as there is one. */
    private static final class Frames extends Http2FrameAdapter {
        private @Nullable Http2ServerConnection connection;

        private Http2ServerConnection connection() {
            return Objects.requireNonNull(connection, "connection");
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx, int streamId, Http2Headers headers, int padding, boolean endOfStream) {
            connection().headers(streamId, headers, endOfStream);
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
                boolean endOfStream) {
            connection().headers(streamId, headers, endOfStream);
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream) {
            return connection().data(streamId, data, endOfStream) + padding;
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int streamId, long errorCode) {
            Http2ServerStream stream = connection().stream(streamId);
            if (stream != null) {
                stream.wasReset(errorCode);
            }
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) throws Http2Exception {
            Http2Limits.headerTable(connection().encoder());
            connection().settings(settings);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long data) {
            connection().probing = false;
        }
    }

    private @Nullable Http2ServerStream stream(int id) {
        Http2Stream stream = connection().stream(id);
        return stream == null ? null : stream.getProperty(key);
    }

    private void settings(Http2Settings settings) {
        takesTunnels |= Boolean.TRUE.equals(settings.connectProtocolEnabled());
        if (!ready) {
            ready = true;
            idleNanos = System.nanoTime();
            pool.isReady(this);
        }
    }

    private void headers(int id, Http2Headers headers, boolean endOfStream) {
        Http2ServerStream stream = stream(id);
        if (stream != null) {
            feeds(stream);
            stream.headers(headers, endOfStream);
        }
    }

    private int data(int id, ByteBuf data, boolean endOfStream) {
        Http2ServerStream stream = stream(id);
        if (stream == null) {
            return data.readableBytes();
        }
        feeds(stream);
        return stream.data(data, endOfStream);
    }

    private void feeds(Http2ServerStream stream) {
        ResponseReceiver receiver = stream.receiver();
        if (receiver != null) {
            fed.add(receiver);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext read, Object message) throws Exception {
        reading = true;
        readNanos = System.nanoTime();
        super.channelRead(read, message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext read) throws Exception {
        reading = false;
        flushFed();
        super.channelReadComplete(read);
    }

    private void flushFed() {
        if (!fed.isEmpty()) {
            fed.forEach(ResponseReceiver::flushResponse);
            fed.clear();
        }
    }

    // ---- the end

    private final class Streams extends Http2ConnectionAdapter {
        @Override
        public void onGoAwayReceived(int lastStreamId, long errorCode, ByteBuf debugData) {
            lastStreamKept = lastStreamId;
            worker.warnings().goesAway(server, errorCode, System.nanoTime());
            retire();
        }

        @Override
        public void onStreamClosed(Http2Stream stream) {
            if (streams() == 0) {
                idleNanos = System.nanoTime();
            }
            Http2ServerStream mine = stream.removeProperty(key);
            if (mine != null) {
                feeds(mine);
                mine.closed(stream.id() > lastStreamKept);
                if (!reading) {
                    flushFed();
                }
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) throws Exception {
        retired = true;
        pool.remove(this);
        super.channelInactive(inactive);
        flushFed();
    }

    /**
     * The stream is at fault, and ends; the others go on. What comes for one that is over was sent before the server heard
     * of our reset: that is not told again for every frame, for servers count resets.
     */
    @Override
    protected void onStreamError(
            ChannelHandlerContext on, boolean outbound, Throwable cause, Http2Exception.StreamException error) {
        Http2ServerStream mine = stream(error.streamId());
        if (mine != null) {
            mine.broken(error);
        } else if (!outbound && error.error() == Http2Error.STREAM_CLOSED) {
            late(on);
            return;
        }
        super.onStreamError(on, outbound, cause, error);
    }

    private void late(ChannelHandlerContext on) {
        try {
            budget.late();
        } catch (Http2Exception enough) {
            onError(on, false, enough);
        }
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext on, boolean outbound, Throwable cause, @Nullable Http2Exception http2) {
        MachineErrors.check(cause);
        String why = http2 == null ? cause.toString() : String.valueOf(http2.getMessage());
        worker.warnings().closed(server, why, System.nanoTime());
        retired = true;
        pool.remove(this);
        super.onConnectionError(on, outbound, cause, http2);
        // The GOAWAY, which says why: what is not flushed when a channel is closed is not sent.
        on.flush();
        // It has broken the rules: no stream of it can be trusted to end well.
        closeNow();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext on, Throwable cause) throws Exception {
        MachineErrors.check(cause);
        LOG.debug("server {}: {}", server, cause.toString());
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
            super.exceptionCaught(on, cause);
        } else if (!(cause instanceof IOException)) {
            // After a reset, or a failure of TLS, the channel becomes inactive by itself.
            closeNow();
        }
    }
}
