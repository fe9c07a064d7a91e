package dev.postern.http.h1;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.backend.ServerConnection;
import dev.postern.config.Tolerance;
import dev.postern.http.exchange.OutgoingRequest;
import dev.postern.http.exchange.RequestWriter;
import dev.postern.http.exchange.ResponseReceiver;
import dev.postern.http.exchange.ServerStream;
import dev.postern.http.exchange.Worker;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.Fields;
import dev.postern.http.message.FirstRead;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.MessageDecoder;
import dev.postern.http.message.ResponseHead;
import dev.postern.http.message.Trailers;
import dev.postern.machine.MachineErrors;
import dev.postern.wire.Failure.ByServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import java.util.Set;
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

    private final Worker worker;
    private final Http1ServerConnections pool;
    private final Server server;
    private final @Nullable ProxyPreamble preamble;
    private final Channel channel;
    private final MessageDecoder decoder;

    private @Nullable ResponseReceiver receiver;
    private @Nullable ResponseHead head;
    /** Whom to flush once everything that was read has been passed on. */
    private @Nullable ResponseReceiver fed;

    /** How many exchanges it has carried, the one under way included. */
    private int used;

    private Set<Tolerance> tolerated = Set.of();
    /** What of a chunked response came in one read with its head; null but while that is decoded. */
    private @Nullable FirstRead first;

    private boolean idle;
    /** The response is complete; what follows in the same read decides whether the connection is kept. */
    private boolean done;

    private boolean reusable;
    private boolean chunked;
    private boolean tunnel;
    /** The client of a tunnel has gone: what the server says is heard no more, what is left to write is written. */
    private boolean leaving;

    private boolean requestFlushed;
    private boolean chunkOpen;
    private boolean writeFailed;
    /** Something could not be read or written: whatever still comes, the connection does not end well. */
    private boolean failed;
    /** The server has closed, and nothing more can be written: what it sent before that is whole. */
    private boolean ended;

    /** @param preamble with which the connection begins; null for none */
    Http1ServerConnection(
            Worker worker,
            Http1ServerConnections pool,
            Server server,
            @Nullable ProxyPreamble preamble,
            Channel channel) {
        this.worker = worker;
        this.pool = pool;
        this.server = server;
        this.preamble = preamble;
        this.channel = channel;
        this.decoder = new MessageDecoder(
                this, worker.responseSpace(), ByServer.MALFORMED_RESPONSE, ByServer.RESPONSE_HEAD_TOO_LARGE);
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
    public void begin(OutgoingRequest next, ResponseReceiver answered, boolean watchWrite) {
        receiver = answered;
        chunked = next.request().isChunked();
        used++;
        head = null;
        idle = false;
        done = false;
        reusable = false;
        requestFlushed = false;
        chunkOpen = false;
        writeFailed = false;
        tolerated = next.tolerated();
        decoder.tolerates(tolerated);
        ByteBuf requestHead = RequestWriter.write(worker.headWriter(), channel.alloc(), next);
        if (watchWrite) {
            channel.write(requestHead).addListener(written -> writeFailed = !written.isSuccess());
        } else {
            write(requestHead);
        }
    }

    @Override
    public void requestBody(ByteBuf part) {
        if (chunked) {
            HeadWriter out = worker.headWriter().begin();
            if (chunkOpen) {
                out.crlf();
            }
            chunkOpen = true;
            write(out.text(Integer.toHexString(part.readableBytes())).crlf().end(channel.alloc()));
        }
        write(part);
    }

    @Override
    public void requestEnd(@Nullable Fields trailers) {
        if (tunnel) {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> shutdownOutput());
            return;
        }
        if (chunked) {
            write(Trailers.end(worker.headWriter(), channel.alloc(), chunkOpen, trailers, false));
        }
    }

    /** The client sends no more: this end of its tunnel says so, and goes on reading. */
    private void shutdownOutput() {
        ((DuplexChannel) channel).shutdownOutput().addListener(done -> {
            if (!done.isSuccess()) {
                close();
            }
        });
    }

    /** A failure of the write comes back as an exception of the channel, which closes it. */
    private void write(ByteBuf bytes) {
        var unused = channel.write(bytes, channel.voidPromise());
    }

    @Override
    public void flush() {
        requestFlushed = true;
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
        ResponseReceiver current = receiver;
        if (current == null && leaving) {
            bytes.release();
            return;
        }
        if (current == null || !requestFlushed) {
            // Said something without being asked: whatever it is, it is not the answer to anything.
            bytes.release();
            if (!done && current == null) {
                LOG.debug("server {}: sent bytes while idle; connection closed", server);
            }
            retire();
            return;
        }
        fed = current;
        try {
            decoder.decode(ctx.alloc(), bytes);
            passOn();
        } catch (BadMessage e) {
            broken((ByServer) e.failure(), e.detail());
        }
    }

    /** The chunks behind a head that came with it are sound, or at least may be: now it is passed on. */
    private void passOn() {
        FirstRead sound = first;
        ResponseReceiver current = receiver;
        if (sound == null || current == null || head == null) {
            return;
        }
        first = null;
        current.responseHead(head, MessageDecoder.CHUNKED);
        for (ByteBuf part = sound.next(); part != null; part = sound.next()) {
            body(part);
        }
        if (sound.isEnded()) {
            end(sound.trailers());
        }
    }

    @Override
    public boolean readyForHead() {
        return receiver != null && !done && first == null;
    }

    @Override
    public int head(byte[] bytes, int to) throws BadMessage {
        ResponseHead parsed = worker.headParser().response(bytes, to, tolerated);
        if (parsed == null) {
            return -1;
        }
        head = parsed;
        return parsed.fields().bytes().length;
    }

    @Override
    public long begin() {
        ResponseReceiver current = Objects.requireNonNull(receiver, "receiver");
        ResponseHead received = Objects.requireNonNull(head, "head");
        if (received.status() == 101) {
            if (!current.switchesProtocols(received)) {
                return MessageDecoder.SWITCHED;
            }
            tunnel = true;
            current.switched(received);
            return MessageDecoder.UNTIL_CLOSE;
        }
        if (received.status() == 408 && used > 1 && !received.keepsAlive()) {
            // Not an answer to this request: the server gave up waiting for one just as it was sent.
            broken(ByServer.CLOSED_BEFORE_RESPONSE, "408 on an idle connection");
            return MessageDecoder.SWITCHED;
        }
        if (received.isInformational()) {
            current.interimResponse(received);
            return MessageDecoder.INTERIM;
        }
        long length = received.bodyLength(current.request());
        // A 204 that announces a body may go on to send one.
        boolean bodiless = received.status() != 204 || received.declaredLength() == ResponseHead.UNTIL_CLOSE;
        reusable = received.keepsAlive() && length != ResponseHead.UNTIL_CLOSE && bodiless;
        if (length == ResponseHead.CHUNKED) {
            first = new FirstRead();
        } else {
            current.responseHead(received, length);
        }
        return length;
    }

    @Override
    public void body(ByteBuf part) {
        if (receiver == null) {
            part.release();
        } else if (first != null) {
            first.add(part);
        } else {
            receiver.responseBody(part);
        }
    }

    @Override
    public void end(@Nullable Fields trailers) {
        ResponseReceiver complete = receiver;
        if (complete == null) {
            return;
        }
        if (first != null) {
            first.ended(trailers);
            return;
        }
        // A server that answers before it has the whole request will go on reading: it is not at rest.
        reusable &= complete.isRequestSent() && isEverythingWritten();
        receiver = null;
        done = true;
        complete.responseEnd(trailers);
    }

    private boolean isEverythingWritten() {
        ChannelOutboundBuffer out = channel.unsafe().outboundBuffer();
        return out != null && out.isEmpty();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (done) {
            done = false;
            settle();
        }
        ResponseReceiver answered = fed;
        if (answered != null) {
            fed = null;
            answered.flushResponse();
        }
    }

    /** All that was there has been read: only now is it sure that nothing followed the response. */
    private void settle() {
        if (reusable && !failed && !decoder.holdsBytes() && channel.isActive() && !worker.isDraining()) {
            keep();
        } else {
            retire();
        }
    }

    private void keep() {
        head = null;
        channel.config().setAutoRead(true);
        idle = pool.keep(this);
        if (!idle) {
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
        if (receiver != null && channel.isWritable()) {
            receiver.serverWritable();
        }
    }

    // ---- the end

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (idle) {
            idle = false;
            pool.remove(this);
        }
        ResponseReceiver current = receiver;
        if (current != null && decoder.isUntilClose() && !failed) {
            fed = current;
            end(null);
        } else if (current != null) {
            boolean silent = head == null && !decoder.holdsBytes();
            broken(
                    silent ? ByServer.CLOSED_BEFORE_RESPONSE : ByServer.CLOSED_DURING_RESPONSE,
                    silent ? "connection closed before a response" : "connection closed in the middle of the response");
        }
        done = false;
        decoder.close();
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
        ResponseReceiver current = receiver;
        receiver = null;
        if (first != null) {
            first.release();
            first = null;
        }
        retire();
        if (current != null) {
            current.serverFailed(failure, detail, writeFailed);
        }
    }

    @Override
    public void leave(long nanos) {
        receiver = null;
        leaving = true;
        decoder.close();
        channel.config().setAutoRead(true);
        channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> close());
        var unused = worker.loop().schedule(this::close, nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void abort() {
        receiver = null;
        retire();
    }

    private void retire() {
        done = false;
        if (idle) {
            idle = false;
            pool.remove(this);
        }
        decoder.close();
        close();
    }

    private void close() {
        channel.close().addListener((ChannelFutureListener) closed -> {
            if (!closed.isSuccess()) {
                LOG.debug("server {}: close failed", server, closed.cause());
            }
        });
    }
}
