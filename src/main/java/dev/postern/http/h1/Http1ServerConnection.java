package dev.postern.http.h1;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.backend.ServerConnection;
import dev.postern.http.exchange.OutgoingRequest;
import dev.postern.http.exchange.ResponseReceiver;
import dev.postern.http.exchange.ServerStream;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.Fields;
import dev.postern.http.message.FirstRead;
import dev.postern.http.message.Heads;
import dev.postern.http.message.MessageDecoder;
import dev.postern.http.message.ResponseHead;
import dev.postern.machine.MachineErrors;
import dev.postern.trust.ServerHandshake;
import dev.postern.wire.Failure.ByServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a server: one exchange at a time, back to the pool in between. A connection that did anything
 * unexpected is closed rather than kept: bytes beyond the end of a response would become the next client's answer.
 */
final class Http1ServerConnection extends ChannelInboundHandlerAdapter
        implements ServerConnection, ServerStream, MessageDecoder.Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(Http1ServerConnection.class);

    private final Heads heads;
    private final Http1ServerConnections pool;
    private final Server server;
    private final @Nullable ProxyPreamble preamble;
    private final Channel channel;
    private final MessageDecoder decoder;

    /** How far it is with the exchange it carries. */
    private enum Phase {
        /** Made, and not used yet. */
        NEW,
        /** In the pool. */
        IDLE,
        /** A request is under way, or its answer. */
        EXCHANGE,
        /** The response is complete; what follows in the same read decides whether the connection is kept. */
        ANSWERED,
        /** The client of a tunnel has gone: what the server says is heard no more, what is left to write is written. */
        LEAVING,
        /** Closed, or about to be. */
        CLOSED
    }

    private Phase phase = Phase.NEW;
    /** Of the exchange under way; null where there is none. */
    private @Nullable ServerTurn turn;
    /** Whom to flush once everything that was read has been passed on. */
    private @Nullable ResponseReceiver fed;

    /** How many exchanges it has carried, the one under way included. */
    private int used;

    /** Once the response is complete: whether another request may follow. */
    private boolean reusable;

    /** Something could not be read or written: whatever still comes, the connection does not end well. */
    private boolean failed;
    /** The server has closed, and nothing more can be written: what it sent before that is whole. */
    private boolean ended;

    /** @param preamble with which the connection begins; null for none */
    Http1ServerConnection(
            Heads heads,
            Http1ServerConnections pool,
            Server server,
            @Nullable ProxyPreamble preamble,
            Channel channel) {
        this.heads = heads;
        this.pool = pool;
        this.server = server;
        this.preamble = preamble;
        this.channel = channel;
        this.decoder = new MessageDecoder(
                this, heads.responses(), ByServer.MALFORMED_RESPONSE, ByServer.RESPONSE_HEAD_TOO_LARGE);
    }

    @Override
    public Channel channel() {
        return channel;
    }

    @Override
    public Server server() {
        return server;
    }

    @Override
    public @Nullable ProxyPreamble preamble() {
        return preamble;
    }

    // ---- the request

    @Override
    public void begin(OutgoingRequest request, ResponseReceiver receiver, boolean watchWrite) {
        ServerTurn mine = new ServerTurn(heads.writer(), channel, receiver, request.tolerated());
        turn = mine;
        phase = Phase.EXCHANGE;
        used++;
        decoder.tolerates(mine.tolerated());
        mine.head(request, watchWrite);
    }

    @Override
    public void requestBody(ByteBuf part) {
        ServerTurn mine = turn;
        if (mine == null) {
            part.release();
        } else {
            mine.body(part);
        }
    }

    @Override
    public void requestEnd(@Nullable Fields trailers) {
        ServerTurn mine = turn;
        if (mine != null && mine.isTunnel()) {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> shutdownOutput());
        } else if (mine != null) {
            mine.end(trailers);
        }
    }

    /** The client sends no more: this end of its tunnel says so, and goes on reading. */
    private void shutdownOutput() {
        ServerHandshake.endOutput(channel).addListener(done -> {
            if (!done.isSuccess()) {
                close();
            }
        });
    }

    @Override
    public void flush() {
        if (turn != null) {
            turn.flushed();
        }
        channel.flush();
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    // ---- the response

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        ServerTurn mine = turn;
        if (mine != null && mine.isFlushed()) {
            fed = mine.receiver();
            decode(ctx, bytes);
            return;
        }
        bytes.release();
        if (phase == Phase.LEAVING) {
            return;
        }
        // Said something without being asked: whatever it is, it is not the answer to anything.
        if (phase == Phase.NEW || phase == Phase.IDLE) {
            LOG.debug("server {}: sent bytes while idle; connection closed", server);
        }
        retire();
    }

    private void decode(ChannelHandlerContext ctx, ByteBuf bytes) {
        try {
            decoder.decode(ctx.alloc(), bytes);
            passOn();
        } catch (BadMessage e) {
            broken((ByServer) e.failure(), e.detail());
        }
    }

    /** The chunks behind a head that came with it are sound, or at least may be: now it is passed on. */
    private void passOn() {
        ServerTurn mine = turn;
        FirstRead sound = mine == null ? null : mine.passesOn();
        if (mine == null || sound == null) {
            return;
        }
        mine.receiver().responseHead(mine.head(), MessageDecoder.CHUNKED);
        for (ByteBuf part = sound.next(); part != null; part = sound.next()) {
            body(part);
        }
        if (sound.isEnded()) {
            end(sound.trailers());
        }
    }

    @Override
    public boolean readyForHead() {
        return turn != null && turn.first() == null;
    }

    @Override
    public int head(byte[] bytes, int to) throws BadMessage {
        ServerTurn mine = Objects.requireNonNull(turn, "turn");
        ResponseHead parsed = heads.parser().response(bytes, to, mine.tolerated());
        if (parsed == null) {
            return -1;
        }
        mine.head(parsed);
        return parsed.fields().bytes().length;
    }

    @Override
    public long begin() {
        ServerTurn mine = Objects.requireNonNull(turn, "turn");
        ResponseHead received = mine.head();
        if (received.status() == 101) {
            if (!mine.receiver().switchesProtocols(received)) {
                return MessageDecoder.SWITCHED;
            }
            mine.switched();
            mine.receiver().switched(received);
            return MessageDecoder.UNTIL_CLOSE;
        }
        if (received.status() == 408 && used > 1 && !received.keepsAlive()) {
            // Not an answer to this request: the server gave up waiting for one just as it was sent.
            broken(ByServer.CLOSED_BEFORE_RESPONSE, "408 on an idle connection");
            return MessageDecoder.SWITCHED;
        }
        if (received.isInformational()) {
            mine.receiver().interimResponse(received);
            return MessageDecoder.INTERIM;
        }
        long length = received.bodyLength(mine.receiver().request());
        // A 204 that announces a body may go on to send one.
        boolean bodiless = received.status() != 204 || received.declaredLength() == ResponseHead.UNTIL_CLOSE;
        mine.reusable(received.keepsAlive() && length != ResponseHead.UNTIL_CLOSE && bodiless);
        if (length == ResponseHead.CHUNKED) {
            mine.awaitsChunks();
        } else {
            mine.receiver().responseHead(received, length);
        }
        return length;
    }

    @Override
    public void body(ByteBuf part) {
        ServerTurn mine = turn;
        FirstRead first = mine == null ? null : mine.first();
        if (mine == null) {
            part.release();
        } else if (first != null) {
            first.add(part);
        } else {
            mine.receiver().responseBody(part);
        }
    }

    @Override
    public void end(@Nullable Fields trailers) {
        ServerTurn mine = turn;
        if (mine == null) {
            return;
        }
        FirstRead first = mine.first();
        if (first != null) {
            first.ended(trailers);
            return;
        }
        // A server that answers before it has the whole request will go on reading: it is not at rest.
        reusable = mine.isReusable() && mine.receiver().isRequestSent() && isEverythingWritten();
        turn = null;
        phase = Phase.ANSWERED;
        mine.receiver().responseEnd(trailers);
    }

    private boolean isEverythingWritten() {
        ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
        return out != null && out.isEmpty();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (phase == Phase.ANSWERED) {
            settle();
        }
        flushFed();
    }

    /** All that was there has been read: only now is it sure that nothing followed the response. */
    private void settle() {
        if (reusable && !failed && !decoder.holdsBytes() && channel.isActive() && pool.mayKeep()) {
            keep();
        } else {
            retire();
        }
    }

    private void keep() {
        channel.config().setAutoRead(true);
        phase = Phase.IDLE;
        if (!pool.keep(this)) {
            phase = Phase.CLOSED;
            retire();
        }
    }

    @Override
    public void unused() {
        keep();
    }

    @Override
    public void pauseResponse() {
        channel.config().setAutoRead(false);
    }

    @Override
    public void resumeResponse() {
        channel.config().setAutoRead(true);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (turn != null && channel.isWritable()) {
            turn.receiver().serverWritable();
        }
    }

    // ---- the end

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        leavePool();
        ServerTurn mine = turn;
        if (mine != null && decoder.isUntilClose() && !failed) {
            fed = mine.receiver();
            end(null);
        } else if (mine != null) {
            boolean silent = !mine.hasHead() && !decoder.holdsBytes();
            broken(
                    silent ? ByServer.CLOSED_BEFORE_RESPONSE : ByServer.CLOSED_DURING_RESPONSE,
                    silent ? "connection closed before a response" : "connection closed in the middle of the response");
        }
        phase = Phase.CLOSED;
        decoder.close();
        flushFed();
    }

    private void flushFed() {
        ResponseReceiver answered = fed;
        if (answered != null) {
            fed = null;
            answered.flushResponse();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        MachineErrors.check(cause);
        LOG.debug("server {}: {}", server, cause.toString());
        if (isBrokenPipe(cause)) {
            ended = true;
        } else if (!ended || !(cause instanceof ClosedChannelException)) {
            failed = true;
        }
        // After a reset the channel becomes inactive by itself, and what that means for the exchange is settled then.
        // After a failed write it does so once everything was read that the server had sent.
        if (!(cause instanceof IOException)) {
            close();
        }
    }

    /** What we write is of no use to a server that has closed before; after a reset the system says something else. */
    private static boolean isBrokenPipe(Throwable cause) {
        for (Throwable one = cause; one != null; one = one.getCause()) {
            if (String.valueOf(one.getMessage()).endsWith("Broken pipe")) {
                return true;
            }
        }
        return false;
    }

    private void broken(ByServer failure, String detail) {
        ServerTurn mine = turn;
        turn = null;
        retire();
        if (mine != null) {
            mine.release();
            mine.receiver().serverFailed(failure, detail, mine.writeFailed());
        }
    }

    @Override
    public void leave(long nanos) {
        turn = null;
        phase = Phase.LEAVING;
        decoder.close();
        channel.config().setAutoRead(true);
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> close());
        var unused = channel.eventLoop().schedule(this::close, nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void abort() {
        turn = null;
        retire();
    }

    private void retire() {
        leavePool();
        phase = Phase.CLOSED;
        decoder.close();
        close();
    }

    private void leavePool() {
        if (phase == Phase.IDLE) {
            phase = Phase.CLOSED;
            pool.remove(this);
        }
    }

    private void close() {
        channel.close().addListener((ChannelFutureListener) closed -> {
            if (!closed.isSuccess()) {
                LOG.debug("server {}: close failed", server, closed.cause());
            }
        });
    }
}
