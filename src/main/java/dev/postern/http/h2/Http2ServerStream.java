package dev.postern.http.h2;

import dev.postern.http.exchange.OutgoingRequest;
import dev.postern.http.exchange.RequestWriter;
import dev.postern.http.exchange.ResponseReceiver;
import dev.postern.http.exchange.ServerStream;
import dev.postern.http.exchange.WebSocketKey;
import dev.postern.http.message.BadMessage;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.Heads;
import dev.postern.http.message.RawFields;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import dev.postern.machine.MachineErrors;
import dev.postern.wire.Failure.ByServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One exchange on an HTTP/2 connection to a server. Event loop only. */
final class Http2ServerStream implements ServerStream, SendWindow.Sender {
    /**
     * How long a response that is complete by its length may go without an end of its stream. That comes with the last data
     * or right behind it, with trailers maybe; who has not sent it by then has forgotten it.
     */
    private static final long LINGER_SECONDS = 2;

    /** The response does not say how long it is. */
    private static final long UNKNOWN = -1;

    private final Http2ServerConnection connection;
    private final long madeNanos;

    private @Nullable ResponseReceiver receiver;
    private @Nullable Http2Stream stream;
    /** A failure that came while the exchange was still handing over its request. */
    private @Nullable Runnable deferred;

    private boolean handingOver;
    private boolean requestEnded;
    private boolean tunnel;
    /** Whether those behind a body of a known length reach the client. */
    private boolean takesTrailers;

    private boolean headSeen;
    /** What of the announced length has not come yet. */
    private long remaining = UNKNOWN;

    /** The response is complete by its length, its stream is open. */
    private boolean lingering;

    /** As long as there is a stream. */
    private @Nullable ReceiveWindow window;

    /** Of the request; as long as there is a stream. */
    private @Nullable SendWindow body;

    Http2ServerStream(Http2ServerConnection connection) {
        this.madeNanos = connection.nanos();
        this.connection = connection;
    }

    @Nullable ResponseReceiver receiver() {
        return receiver;
    }

    // ---- the request

    @Override
    public void begin(OutgoingRequest next, ResponseReceiver answered, boolean watchWrite) {
        receiver = answered;
        handingOver = true;
        takesTrailers = next.client().isHttp2();
        RequestHead request = next.request();
        String protocol = request.upgrade();
        boolean webSocket = WebSocketKey.PROTOCOL.equalsIgnoreCase(protocol);
        if (webSocket && !connection.takesTunnels()) {
            failed(ByServer.NO_WEB_SOCKET, "its HTTP/2 SETTINGS do not enable WebSockets (RFC 8441)", true);
            handedOver();
            return;
        }
        // Any other protocol HTTP/2 knows nothing of; the server never hears that it was asked for.
        tunnel = webSocket;
        HeadWriter written = RequestWriter.compose(connection.heads().writer(), next);
        requestEnded = !request.hasBody() && !tunnel;
        try {
            Http2Stream begun = connection.begin(this);
            stream = begun;
            window = new ReceiveWindow(connection.windows(), begun, madeNanos);
            body = connection.sendWindow(begun, this);
            connection.writeHead(written, tunnel ? protocol : null, body, requestEnded);
        } catch (Http2Exception e) {
            lost(String.valueOf(e.getMessage()));
        }
        handedOver();
    }

    @Override
    public void requestBody(ByteBuf part) {
        SendWindow to = body;
        if (to == null || receiver == null || requestEnded) {
            part.release();
            return;
        }
        handingOver = true;
        connection.writeBody(to, part);
        handedOver();
    }

    @Override
    public void requestEnd(@Nullable Fields trailers) {
        SendWindow to = body;
        if (to == null || receiver == null || requestEnded) {
            return;
        }
        requestEnded = true;
        handingOver = true;
        connection.writeEnd(to, Unpooled.EMPTY_BUFFER, Http2Fields.trailers(connection.aside(), trailers, false));
        handedOver();
    }

    /** What failed meanwhile is told when the exchange is no longer in the middle of it. */
    private void handedOver() {
        handingOver = false;
        Runnable failure = deferred;
        deferred = null;
        if (failure != null) {
            connection.channel().eventLoop().execute(failure);
        }
    }

    @Override
    public void notSent(Throwable why) {
        MachineErrors.check(why);
        lost("write: " + why.getMessage());
    }

    @Override
    public void flush() {
        connection.flushSoon();
    }

    @Override
    public boolean isWritable() {
        return body != null && connection.isWritable(body);
    }

    @Override
    public void becameWritable() {
        if (receiver != null && !handingOver) {
            receiver.serverWritable();
        }
    }

    // ---- the response

    void headers(RawFields fields, boolean endOfStream) {
        ResponseReceiver current = receiver;
        if (current == null) {
            return;
        }
        try {
            Heads heads = connection.heads();
            if (headSeen) {
                Fields trailers = Http2Fields.trailers(
                        heads, fields, heads.responses().bytes().length, ByServer.MALFORMED_RESPONSE);
                if (!endOfStream || remaining > 0) {
                    throw malformed("trailers that are not the end, or come before the end of the body");
                }
                end(current, trailers);
                return;
            }
            ResponseHead head = Http2ServerHeads.response(heads, fields);
            if (head.isInformational()) {
                interim(current, head, endOfStream);
            } else {
                head(current, head, endOfStream);
            }
        } catch (BadMessage e) {
            refuse((ByServer) e.failure(), e.detail());
        }
    }

    private static void interim(ResponseReceiver current, ResponseHead head, boolean endOfStream) throws BadMessage {
        if (endOfStream || head.status() == 101) {
            throw malformed("interim response that ends the stream, or is a 101");
        }
        var unused = current.interimResponse(head);
    }

    private void head(ResponseReceiver current, ResponseHead head, boolean endOfStream) throws BadMessage {
        headSeen = true;
        if (tunnel && head.status() < 300) {
            if (endOfStream) {
                throw malformed("tunnel that ends with its head");
            }
            current.switched(head);
            return;
        }
        long length = head.bodyLength(current.request());
        if (endOfStream && length > 0) {
            throw malformed("content-length without a body");
        }
        remaining = length >= 0 ? length : UNKNOWN;
        current.responseHead(head, endOfStream ? 0 : length);
        goOn(current, endOfStream);
    }

    /** It may have been left meanwhile: for another server, whose answer this is not the end of. */
    private void goOn(ResponseReceiver current, boolean endOfStream) {
        if (!current.equals(receiver)) {
            return;
        }
        if (endOfStream) {
            end(current, null);
        } else if (remaining == 0 && !lingering) {
            lingering = true;
            connection.awaitsEnd(this);
        }
    }

    /**
     * All that was announced is there, nothing else has come with it, and the stream may be open still: for trailers, or for no
     * reason.
     */
    void linger() {
        ResponseReceiver current = receiver;
        // HTTP/1.1 has no place for trailers behind a length, and the next request of its client waits for the end.
        if (current != null && !takesTrailers) {
            end(current, null);
        }
        Http2Stream open = stream;
        if (open == null || !open.state().remoteSideOpen()) {
            return;
        }
        later(this::endOverdue, TimeUnit.SECONDS.toNanos(LINGER_SECONDS));
    }

    private void endOverdue() {
        Http2Stream open = stream;
        if (open == null || !open.state().remoteSideOpen()) {
            return;
        }
        ResponseReceiver current = receiver;
        leave();
        reset(Http2Error.NO_ERROR);
        if (current != null) {
            current.guard(() -> {
                current.responseEnd(null);
                current.flushResponse();
            });
        }
    }

    /** Returns how many of the bytes the server may send anew at once. */
    int data(ByteBuf part, boolean endOfStream) {
        ResponseReceiver current = receiver;
        int length = part.readableBytes();
        if (current == null) {
            return length;
        }
        if (!headSeen) {
            refuse(ByServer.MALFORMED_RESPONSE, "DATA before a head");
            return length;
        }
        if (remaining != UNKNOWN) {
            remaining -= length;
            if (remaining < 0 || (endOfStream && remaining > 0)) {
                refuse(ByServer.MALFORMED_RESPONSE, "body is not as long as its content-length");
                return length;
            }
        }
        if (length > 0) {
            current.responseBody(part.retain());
        }
        goOn(current, endOfStream);
        return window == null ? length : window.came(length);
    }

    private void end(ResponseReceiver current, @Nullable Fields trailers) {
        leave();
        current.responseEnd(trailers);
        if (stream != null && stream.state().localSideOpen()) {
            // Whatever of the request is still to come, or to be sent: nobody waits for it (RFC 9113 §8.1).
            reset(Http2Error.NO_ERROR);
        }
    }

    private static BadMessage malformed(String detail) {
        return new BadMessage(ByServer.MALFORMED_RESPONSE, detail);
    }

    @Override
    public void pauseResponse() {
        if (window != null) {
            window.pause();
        }
    }

    @Override
    public void resumeResponse() {
        int free = window == null ? 0 : window.resume();
        if (free > 0) {
            connection.consumed(Objects.requireNonNull(stream, "stream"), free);
        }
    }

    // ---- the end

    /** The server did. */
    void wasReset(long errorCode) {
        if (errorCode == Http2Error.REFUSED_STREAM.code() && !headSeen) {
            failed(ByServer.REFUSED, "stream refused", true);
        } else {
            if (headSeen && receiver != null) {
                receiver.breaksOff(Http2Limits.breakOff(errorCode));
            }
            failed(
                    headSeen ? ByServer.CLOSED_DURING_RESPONSE : ByServer.CLOSED_BEFORE_RESPONSE,
                    "stream reset, error " + errorCode,
                    false);
        }
    }

    /** The server broke a rule, or a limit, of HTTP/2; the stream is about to be reset. */
    void broken(Http2Exception error) {
        boolean tooLarge = error instanceof Http2Exception.HeaderListSizeException large && large.duringDecode();
        failed(
                tooLarge && !headSeen ? ByServer.RESPONSE_HEAD_TOO_LARGE : ByServer.MALFORMED_RESPONSE,
                String.valueOf(error.getMessage()),
                false);
    }

    void closed() {
        if (window != null) {
            window.close();
        }
        lost(headSeen ? "connection closed in the middle of the response" : "connection closed before a response");
    }

    /** What waits to be written is lost first, and the stream after it: whatever is told first says why. */
    private void lost(String detail) {
        if (stream != null && isRefused(stream)) {
            failed(ByServer.GOING_AWAY, "server goes away, and has not looked at it", true);
        } else {
            failed(headSeen ? ByServer.CLOSED_DURING_RESPONSE : ByServer.CLOSED_BEFORE_RESPONSE, detail, false);
        }
    }

    /** Whether the server has said, when it went away, that it will not look at it, however much of it was sent. */
    private boolean isRefused(Http2Stream it) {
        Http2Connection all = connection.connection();
        return all.goAwayReceived() && it.id() > all.local().lastStreamKnownByPeer();
    }

    private void refuse(ByServer failure, String detail) {
        ResponseReceiver current = receiver;
        leave();
        reset(Http2Error.PROTOCOL_ERROR);
        if (current != null) {
            current.serverFailed(failure, detail, false);
        }
    }

    private void failed(ByServer failure, String detail, boolean unsent) {
        ResponseReceiver current = receiver;
        if (current == null) {
            return;
        }
        leave();
        if (handingOver) {
            deferred = () -> current.guard(() -> current.serverFailed(failure, detail, unsent));
        } else {
            current.serverFailed(failure, detail, unsent);
        }
    }

    private void leave() {
        receiver = null;
        resumeResponse();
    }

    private void reset(Http2Error error) {
        Http2Stream ended = stream;
        if (ended != null) {
            connection.reset(ended, error);
        }
    }

    private void later(Runnable task, long nanos) {
        var unused = connection.channel().eventLoop().schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void leave(long nanos) {
        requestEnd(null);
        leave();
        flush();
        later(() -> reset(Http2Error.CANCEL), nanos);
    }

    @Override
    public void abort() {
        boolean silent = !headSeen;
        leave();
        reset(Http2Error.CANCEL);
        if (silent) {
            connection.heardNothingSince(madeNanos);
        }
    }

    @Override
    public void unused() {
        // Nothing was begun.
    }
}
