package dev.postern.http;

import dev.postern.route.FieldEdits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One exchange of an HTTP/2 connection. Event loop only. */
final class Http2ClientStream implements ClientStream {
    private final Http2ClientConnection connection;
    private final Http2Stream stream;

    private @Nullable Exchange exchange;
    private boolean begun;
    private boolean requestEnded;
    private boolean headOnly;
    /** Everything of the response was handed to the connection; the client may not have taken it all. */
    private boolean ended;

    private boolean paused;
    /** Of the request body: read, but not given back to the client's window yet. */
    private int held;

    /** The frame that ends the response. */
    private @Nullable ChannelFuture lastFrame;

    /** When the client last took something; that it would like to is none. */
    private long progressNanos;

    private final ChannelFutureListener progress = written -> progressNanos = System.nanoTime();

    Http2ClientStream(Http2ClientConnection connection, Http2Stream stream, long nowNanos) {
        this.connection = connection;
        this.stream = stream;
        this.progressNanos = nowNanos;
    }

    Http2Stream stream() {
        return stream;
    }

    @Nullable Exchange exchange() {
        return exchange;
    }

    /** The client has sent the whole request. */
    void requestEnded() {
        requestEnded = true;
    }

    /** Whether there ever was an exchange. */
    boolean hasBegun() {
        return begun;
    }

    void begins(Exchange next) {
        begun = true;
        exchange = next;
        headOnly = next.request().isHead();
    }

    // ---- the request

    /**
     * Takes ownership of {@code part}.
     *
     * @return how many of the bytes the client may send anew at once
     */
    int requestBody(ByteBuf part) {
        int length = part.readableBytes();
        Exchange current = exchange;
        if (current == null || current.isFinished()) {
            part.release();
            return length;
        }
        current.requestBody(part);
        if (!paused) {
            return length;
        }
        held += length;
        return 0;
    }

    @Override
    public void pauseRequest() {
        paused = true;
    }

    @Override
    public void resumeRequest() {
        paused = false;
        giveBack();
    }

    private void giveBack() {
        int bytes = held;
        held = 0;
        if (bytes > 0) {
            connection.consumed(stream, bytes);
        }
    }

    /** The client, or the connection, is gone. */
    void closed() {
        Exchange current = exchange;
        exchange = null;
        if (current != null) {
            current.clientGone();
        }
    }

    // ---- the response

    @Override
    public Client info() {
        return connection.client();
    }

    @Override
    public void interim(ResponseHead head) {
        if (head.status() != 101) {
            var unused = connection.writeHead(stream, Http2Heads.response(head, false, FieldEdits.NONE), false);
        }
    }

    @Override
    public void response(ResponseHead head, long bodyLength, FieldEdits edits) {
        boolean hasLength = head.declaredLength() >= 0 && head.status() != 204;
        ended = bodyLength == 0;
        lastFrame = connection.writeHead(stream, Http2Heads.response(head, hasLength, edits), ended);
    }

    @Override
    public void responseBody(ByteBuf part) {
        if (!part.isReadable() || ended) {
            part.release();
            return;
        }
        connection.writeBody(stream, part, false).addListener(progress);
    }

    @Override
    public void responseEnd(@Nullable Fields trailers) {
        if (!ended) {
            ended = true;
            Http2Headers fields = Http2Fields.trailers(trailers, true);
            lastFrame = fields == null
                    ? connection.writeBody(stream, Unpooled.EMPTY_BUFFER, true)
                    : connection.writeHead(stream, fields, true);
        }
        over(Objects.requireNonNull(lastFrame, "lastFrame"));
    }

    @Override
    public void respond(LocalResponse response, FieldEdits edits) {
        boolean bodiless =
                headOnly || response.status() == 204 || response.status() == 304 || response.body().length == 0;
        ended = true;
        ChannelFuture written = connection.writeHead(
                stream, Http2Heads.local(response, connection.worker().date(), edits), bodiless);
        if (!bodiless) {
            written = connection.writeBody(stream, Unpooled.wrappedBuffer(response.body()), true);
        }
        over(written);
        flush();
    }

    /**
     * The last frame is on its way: only behind it the client is told that the rest of its request is not needed
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-8.1">RFC 9113 §8.1</a>). A reset takes the frames
     * with it that are still waiting for the window.
     */
    private void over(ChannelFuture last) {
        exchange = null;
        progressNanos = System.nanoTime();
        paused = false;
        giveBack();
        if (!requestEnded) {
            last.addListener(written -> {
                if (written.isSuccess() && !requestEnded) {
                    connection.reset(stream, Http2Error.NO_ERROR);
                    flush();
                }
            });
        }
    }

    @Override
    public void flush() {
        connection.flushSoon();
    }

    @Override
    public boolean isWritable() {
        return connection.isWritable(stream);
    }

    @Override
    public void abort() {
        exchange = null;
        progressNanos = System.nanoTime();
        connection.reset(stream, Http2Error.INTERNAL_ERROR);
        flush();
    }

    @Override
    public void switchProtocols(ResponseHead head) {
        lastFrame = connection.writeHead(stream, Http2Heads.switching(head), false);
        Exchange current = exchange;
        if (requestEnded && current != null) {
            current.requestEnd(null);
        }
        flush();
    }

    void becameWritable() {
        progressNanos = System.nanoTime();
        if (exchange != null) {
            exchange.clientWritable();
        }
    }

    /** Ends what has taken too long. */
    void checkTimeouts(long now, long responseTimeoutNanos) {
        if (exchange != null) {
            exchange.checkTimeouts(now);
        } else if (now - progressNanos > responseTimeoutNanos) {
            if (stream.isResetSent()) {
                // Not even the reset is taken.
                connection.closeNow(Failure.ByClient.RESPONSE_NOT_TAKEN);
                return;
            }
            progressNanos = now;
            connection.reset(stream, Http2Error.CANCEL);
            flush();
        }
    }
}
