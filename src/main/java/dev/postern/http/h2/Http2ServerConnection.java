package dev.postern.http.h2;

import dev.postern.backend.Server;
import dev.postern.http.exchange.RepeatedWarnings;
import dev.postern.http.exchange.ResponseReceiver;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.Heads;
import dev.postern.http.message.RawFields;
import dev.postern.machine.MachineErrors;
import dev.postern.trust.ServerHandshake;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP/2 connection to a server, in plaintext and by prior knowledge
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-3.3">RFC 9113 §3.3</a>): the exchanges of many clients at
 * once, each on a {@link Http2ServerStream} of its own. Counts as made once the server's SETTINGS have come, so that
 * nothing is ever sent to one that speaks something else. Event loop only.
 */
final class Http2ServerConnection extends Http2Wire<Http2ServerStream> {
    /** However many a server allows: all of them share one TCP connection, and its losses. */
    private static final int MAX_STREAMS = 1000;

    /** Identifiers run out at 2^31; long before, another connection takes over. */
    private static final int LAST_STREAM = 1 << 30;

    /** A server that has said nothing at all for as long as this is asked whether it is there before it gets more. */
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** For the answer to that. */
    private static final long PING_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** For what was written last to leave us. */
    private static final long FORGOTTEN_SECONDS = 5;

    private final Heads heads;
    private final RepeatedWarnings warnings;
    private final Server server;
    private final Http2ServerConnections pool;
    private final OneReading reading = new OneReading();

    private Phase phase = Phase.AWAITS_SETTINGS;
    private boolean takesTunnels;
    private long probeNanos;
    private long readNanos;
    /** Since when no stream is open. */
    private long idleNanos;

    /** Nobody waited for any of its streams when it was last looked at. */
    private boolean forgotten;

    private enum Phase {
        /** The server has not said what it allows. */
        AWAITS_SETTINGS,
        READY,
        /** It is asked by a PING whether it is there; until it answers it gets nothing more. */
        PROBING,
        /** No new streams; closed once those under way have ended. */
        RETIRED
    }

    private Http2ServerConnection(
            Http2Parts parts,
            Http2Settings settings,
            Heads heads,
            RepeatedWarnings warnings,
            Server server,
            Channel channel,
            Http2ServerConnections pool) {
        super(parts, settings, channel);
        this.heads = heads;
        this.warnings = warnings;
        this.readNanos = nanos();
        this.idleNanos = readNanos;
        this.server = server;
        this.pool = pool;
        connection().addListener(new Streams());
    }

    static Http2ServerConnection of(
            Heads heads, RepeatedWarnings warnings, Server server, Channel channel, Http2ServerConnections pool) {
        HeaderBlocks blocks = HeaderBlocks.ofResponses(
                heads.raw(), heads.responses().bytes().length, heads.parser().maxResponseFields());
        Http2Settings settings = Http2Settings.defaultSettings()
                .pushEnabled(false)
                .initialWindowSize(Http2Limits.STREAM_WINDOW)
                .headerTableSize(Http2Limits.HEADER_TABLE)
                .maxHeaderListSize(blocks.maxHeaderListSize());
        FrameBudget budget = FrameBudget.ofServer(channel.eventLoop().ticker());
        return new Http2ServerConnection(
                Http2Parts.of(false, blocks, budget, heads.block()), settings, heads, warnings, server, channel, pool);
    }

    Heads heads() {
        return heads;
    }

    Server server() {
        return server;
    }

    /** As {@code Http2ServerHeads.request}, on this connection. */
    void writeHead(HeadWriter written, @Nullable String protocol, SendWindow to, boolean last) {
        Http2ServerHeads.request(head(), written, ServerHandshake.maker(channel()) != null, protocol);
        writeHead(to, last);
    }

    @Override
    String peer() {
        return "server " + server;
    }

    @Override
    public void channelActive(ChannelHandlerContext active) throws Exception {
        super.channelActive(active);
        opensWindow(active);
    }

    // ---- streams

    /** Whether it can carry one more exchange now. */
    boolean hasRoom() {
        return phase == Phase.READY
                && connection().local().numActiveStreams() < MAX_STREAMS
                && connection().local().canOpenStream()
                && connection().local().lastStreamCreated() < LAST_STREAM;
    }

    /** Whether nothing is under way on it, and nothing could be: its server allows no streams now. */
    boolean isUseless() {
        return phase == Phase.READY && streams() == 0 && !hasRoom();
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

    /** Begins a stream; fails where the connection does not allow it after all. */
    Http2Stream begin(Http2ServerStream mine) throws Http2Exception {
        Http2Stream stream =
                connection().local().createStream(connection().local().incrementAndGetNextStreamId(), false);
        budget().streamBegan();
        know(stream, mine);
        return stream;
    }

    @Override
    void reset(Http2Stream stream, Http2Error error) {
        super.reset(stream, error);
        flushSoon();
    }

    /** Nothing has come since {@code sinceNanos} on a stream that was given up: is the server there at all? */
    void heardNothingSince(long sinceNanos) {
        long now = nanos();
        if (phase == Phase.READY && readNanos - sinceNanos < 0 && now - readNanos > SILENCE_NANOS) {
            phase = Phase.PROBING;
            probeNanos = now;
            ChannelHandlerContext to = context();
            encoder().writePing(to, false, now, to.newPromise()).addListener(this::observed);
            flushSoon();
        }
    }

    /** Ends what is of no use any more. */
    void check(long now, long maxIdleNanos) {
        if (phase == Phase.PROBING && now - probeNanos > PING_NANOS) {
            warnings.closed(server, "no answer to a PING", nanos());
            retire();
            closeNow();
        } else if (server.isRetired() || (streams() == 0 && now - idleNanos > maxIdleNanos)) {
            retire();
        }
    }

    /** No new streams; closed once those under way have ended. */
    void retire() {
        if (phase != Phase.RETIRED) {
            phase = Phase.RETIRED;
            pool.remove(this);
            channel().close().addListener(this::observed);
            lookAfter();
        }
    }

    /** Nobody else does any more: a server that does not read hears of no reset, and its streams would never end. */
    private void lookAfter() {
        if (!channel().isOpen()) {
            return;
        }
        if (isForgotten()) {
            closeNow();
        } else {
            var unused = channel().eventLoop().schedule(this::lookAfter, FORGOTTEN_SECONDS, TimeUnit.SECONDS);
        }
    }

    private boolean isForgotten() {
        boolean before = forgotten;
        forgotten = true;
        try {
            connection().forEachActiveStream(stream -> {
                Http2ServerStream mine = known(stream);
                forgotten &= mine == null || mine.receiver() == null;
                return forgotten;
            });
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
        return before && forgotten;
    }

    void closeNow() {
        closeContext();
    }

    @Override
    void broke() {
        closeNow();
    }

    // ---- what comes

    @Override
    void wasReset(int id, long errorCode) {
        Http2ServerStream stream = stream(id);
        if (stream != null) {
            stream.wasReset(errorCode);
        }
    }

    @Override
    void pingAnswered() {
        if (phase == Phase.PROBING) {
            phase = Phase.READY;
        }
    }

    @Override
    void settings(Http2Settings settings) {
        takesTunnels |= Boolean.TRUE.equals(settings.connectProtocolEnabled());
        if (phase == Phase.AWAITS_SETTINGS) {
            phase = Phase.READY;
            idleNanos = nanos();
            pool.isReady(this);
        }
    }

    @Override
    void headers(int id, RawFields fields, boolean endOfStream) {
        Http2ServerStream stream = stream(id);
        if (stream != null) {
            feeds(stream);
            stream.headers(fields, endOfStream);
        }
    }

    @Override
    int data(int id, ByteBuf data, boolean endOfStream) {
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
            reading.feeds(receiver);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext read, Object message) throws Exception {
        reading.begins();
        readNanos = nanos();
        super.channelRead(read, message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext read) throws Exception {
        reading.isOver();
        super.channelReadComplete(read);
    }

    /** The response is complete by its length: its end may be in what is read next. */
    void awaitsEnd(Http2ServerStream stream) {
        reading.then(stream::linger);
    }

    // ---- the end

    private final class Streams extends Http2ConnectionAdapter {
        @Override
        public void onGoAwayReceived(int lastStreamId, long errorCode, ByteBuf debugData) {
            warnings.goesAway(server, errorCode, nanos());
            retire();
        }

        @Override
        public void onStreamClosed(Http2Stream stream) {
            if (streams() == 0) {
                idleNanos = nanos();
            }
            Http2ServerStream mine = forget(stream);
            if (mine != null) {
                feeds(mine);
                mine.closed();
                reading.flushSoon();
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) throws Exception {
        phase = Phase.RETIRED;
        pool.remove(this);
        super.channelInactive(inactive);
        reading.flush();
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

    @Override
    protected void onConnectionError(
            ChannelHandlerContext on, boolean outbound, Throwable cause, @Nullable Http2Exception http2) {
        MachineErrors.check(cause);
        String why = http2 == null ? cause.toString() : String.valueOf(http2.getMessage());
        warnings.closed(server, why, nanos());
        phase = Phase.RETIRED;
        pool.remove(this);
        super.onConnectionError(on, outbound, cause, http2);
        // The GOAWAY, which says why: what is not flushed when a channel is closed is not sent.
        on.flush();
        // It has broken the rules: no stream of it can be trusted to end well.
        closeNow();
    }
}
