package dev.postern.http.h2;

import dev.postern.http.exchange.BreakOff;
import dev.postern.http.exchange.Client;
import dev.postern.http.exchange.ClientStream;
import dev.postern.http.exchange.Exchange;
import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.RequestSteps;
import dev.postern.http.exchange.ResponsePace;
import dev.postern.http.message.Fields;
import dev.postern.http.message.ResponseHead;
import dev.postern.route.FieldEdits;
import dev.postern.wire.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One exchange of an HTTP/2 connection. Event loop only. */
final class Http2ClientStream implements ClientStream, SendWindow.Sender {
    private static final Logger LOG = LoggerFactory.getLogger(Http2ClientStream.class);

    private final Http2ClientConnection connection;
    private final Http2Stream stream;

    private @Nullable Exchange exchange;
    private boolean begun;
    private boolean startsAtEnd;
    private boolean requestEnded;
    private boolean headOnly;
    /** Everything of the response was handed to the connection; the client may not have taken it all. */
    private boolean ended;

    /** That has left us. */
    private boolean sent;

    private final ReceiveWindow window;

    private final SendWindow response;

    /** Of the response, bytes that the client's windows have let out. */
    private long taken;

    private final ResponsePace pace = new ResponsePace();

    /** When the exchange was over. */
    private long overNanos;

    Http2ClientStream(Http2ClientConnection connection, Http2Stream stream, long nowNanos) {
        this.connection = connection;
        this.stream = stream;
        this.window = new ReceiveWindow(connection.windows(), stream, nowNanos);
        this.response = connection.sendWindow(stream, this);
        this.overNanos = nowNanos;
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

    /** As {@link #begins}, of a request that says that it has no body, and has not ended: one may come all the same. */
    void beginsAtEnd(Exchange next, RequestSteps steps) {
        begins(next);
        startsAtEnd = true;
        steps.awaitEnd(next);
    }

    boolean startsAtEnd() {
        return startsAtEnd;
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
        return window.came(length);
    }

    @Override
    public void pauseRequest() {
        window.pause();
    }

    @Override
    public void resumeRequest() {
        int free = window.resume();
        if (free > 0) {
            connection.consumed(stream, free);
        }
    }

    /** The client, or the connection, is gone. */
    void closed() {
        window.close();
        Exchange current = exchange;
        exchange = null;
        boolean isComplete = ended && requestEnded;
        if (current != null && !isComplete) {
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
            Http2Heads.interim(connection.head(), head);
            connection.writeInterim(response);
        }
    }

    @Override
    public void response(ResponseHead head, long bodyLength, FieldEdits edits) {
        ended = bodyLength == 0;
        Http2Heads.response(connection.head(), head, connection.heads().date(), edits);
        connection.writeHead(response, ended);
    }

    @Override
    public void responseBody(ByteBuf part) {
        if (!part.isReadable() || ended) {
            part.release();
            return;
        }
        connection.writeBody(response, part);
    }

    @Override
    public void responseEnd(@Nullable Fields trailers) {
        if (!ended) {
            ended = true;
            byte[] block = Http2Fields.trailers(connection.aside(), trailers, true);
            connection.writeEnd(response, Unpooled.EMPTY_BUFFER, block);
        }
        over();
    }

    @Override
    public void respond(LocalResponse local, FieldEdits edits) {
        boolean bodiless = headOnly || local.status() == 204 || local.status() == 304 || local.body().length == 0;
        ended = true;
        Http2Heads.local(connection.head(), local, connection.heads().date(), edits);
        connection.writeHead(response, bodiless);
        if (!bodiless) {
            connection.writeEnd(response, Unpooled.wrappedBuffer(local.body()), null);
        }
        over();
        flush();
    }

    private void over() {
        exchange = null;
        overNanos = connection.nanos();
        resumeRequest();
        if (sent) {
            endRequest();
        }
    }

    /**
     * Only now the client is told that the rest of its request is not needed
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-8.1">RFC 9113 §8.1</a>): a reset takes the frames with it
     * that are still waiting for the window.
     */
    @Override
    public void sentAll() {
        sent = true;
        if (exchange == null) {
            endRequest();
        }
    }

    private void endRequest() {
        if (!requestEnded) {
            connection.reset(stream, Http2Error.NO_ERROR);
            flush();
        }
    }

    @Override
    public void flush() {
        connection.flushSoon();
    }

    @Override
    public boolean isWritable() {
        return connection.isWritable(response);
    }

    @Override
    public void abort(BreakOff why) {
        exchange = null;
        overNanos = connection.nanos();
        connection.reset(stream, Http2Limits.code(why));
        flush();
    }

    @Override
    public void switchProtocols(ResponseHead head) {
        Http2Heads.switching(connection.head(), head);
        connection.writeHead(response, false);
        Exchange current = exchange;
        if (requestEnded && current != null) {
            current.requestEnd(null);
        }
        flush();
    }

    @Override
    public void becameWritable() {
        if (exchange != null) {
            exchange.clientWritable();
        }
    }

    // ---- time

    @Override
    public void let(int bytes) {
        taken += bytes;
        connection.left(bytes);
    }

    private boolean isWaiting() {
        // What a reset takes with it is there until that has been sent.
        return response.waiting() > 0 && !stream.isResetSent();
    }

    /**
     * Whether the client could have more of a response, if it would only take it.
     *
     * @param clogged the connection takes no more
     */
    boolean isOwed(boolean clogged) {
        Exchange current = exchange;
        return (current == null || !current.isTunnel()) && (clogged || isWaiting());
    }

    /**
     * Ends what has taken too long.
     *
     * @param clogged the connection takes no more: then it is judged, and not its streams
     */
    void checkTimeouts(long now, Duration timeout, boolean clogged) {
        Failure.ByClient fault = null;
        if (clogged || !isOwed(false)) {
            pace.nothingOwed();
        } else {
            // Where the window of the whole connection is the narrow one, its streams share that.
            boolean ownWindow = response.size() <= 0;
            fault = pace.check(now, timeout, taken, ownWindow);
        }
        Exchange current = exchange;
        if (current != null && current.isFinished()) {
            // It was answered, and that failed: nothing more would come of it.
            LOG.error(
                    "client {}: bug: request {} has ended, and its stream does not know",
                    connection.client().text(),
                    current.id());
            abort(BreakOff.FAILED);
        } else if (current != null) {
            if (fault != null) {
                current.fail(fault, "timeouts.response: client takes too little of the response");
            }
            if (!connection.holdsBytes()) {
                current.checkTimeouts(now);
            }
        } else if (fault != null || (!clogged && !isWaiting() && now - overNanos > timeout.toNanos())) {
            overNanos = now;
            connection.reset(stream, Http2Error.CANCEL);
            flush();
        }
    }
}
