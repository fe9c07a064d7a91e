package dev.postern.http.h1;

import dev.postern.config.Tolerance;
import dev.postern.http.exchange.OutgoingRequest;
import dev.postern.http.exchange.RequestWriter;
import dev.postern.http.exchange.ResponseReceiver;
import dev.postern.http.message.Fields;
import dev.postern.http.message.FirstRead;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.ResponseHead;
import dev.postern.http.message.Trailers;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One request on an HTTP/1.1 connection to a server, and how far its response is: nothing of it is left for the next one.
 * Event loop only.
 */
final class ServerTurn {
    private final HeadWriter writer;
    private final Channel channel;
    private final ResponseReceiver receiver;
    private final Set<Tolerance> tolerated;
    private final boolean chunked;

    private boolean chunkOpen;
    private boolean flushed;
    private boolean writeFailed;

    private @Nullable ResponseHead head;
    /** What of a chunked response came in one read with its head; null but while that is decoded. */
    private @Nullable FirstRead first;

    private boolean reusable;
    private boolean tunnel;

    /** @param tolerated what the server may do besides what any server may */
    ServerTurn(HeadWriter writer, Channel channel, ResponseReceiver receiver, Set<Tolerance> tolerated) {
        this.writer = writer;
        this.channel = channel;
        this.receiver = receiver;
        this.tolerated = tolerated;
        this.chunked = receiver.request().isChunked();
    }

    ResponseReceiver receiver() {
        return receiver;
    }

    Set<Tolerance> tolerated() {
        return tolerated;
    }

    // ---- the request

    /** @param watchWrite whether it matters later that nothing at all could be written */
    void head(OutgoingRequest request, boolean watchWrite) {
        ByteBuf bytes = RequestWriter.write(writer, channel.alloc(), request);
        if (watchWrite) {
            channel.write(bytes).addListener(written -> writeFailed = !written.isSuccess());
        } else {
            write(bytes);
        }
    }

    void body(ByteBuf part) {
        if (chunked) {
            HeadWriter out = writer.begin();
            if (chunkOpen) {
                out.crlf();
            }
            chunkOpen = true;
            write(out.text(Integer.toHexString(part.readableBytes())).crlf().end(channel.alloc()));
        }
        write(part);
    }

    void end(@Nullable Fields trailers) {
        if (chunked) {
            write(Trailers.end(writer, channel.alloc(), chunkOpen, trailers, false));
        }
    }

    /** A failure of the write comes back as an exception of the channel, which closes it. */
    private void write(ByteBuf bytes) {
        var unused = channel.write(bytes, channel.voidPromise());
    }

    /** The server may have seen some of it. */
    void flushed() {
        flushed = true;
    }

    boolean isFlushed() {
        return flushed;
    }

    boolean writeFailed() {
        return writeFailed;
    }

    // ---- the response

    void head(ResponseHead received) {
        head = received;
    }

    boolean hasHead() {
        return head != null;
    }

    /** The last one that came, interim ones included. */
    ResponseHead head() {
        return Objects.requireNonNull(head, "head");
    }

    /** The head has come, and chunks follow: what came of them with it is looked at before any of it is passed on. */
    void awaitsChunks() {
        first = new FirstRead();
    }

    @Nullable FirstRead first() {
        return first;
    }

    /** What came with the head, which is passed on now; null where that is done already. */
    @Nullable FirstRead passesOn() {
        FirstRead sound = first;
        first = null;
        return sound;
    }

    /** Whether another request may follow on the connection, as far as the head tells. */
    void reusable(boolean may) {
        reusable = may;
    }

    boolean isReusable() {
        return reusable;
    }

    /** Bytes go back and forth as they are. */
    void switched() {
        tunnel = true;
    }

    boolean isTunnel() {
        return tunnel;
    }

    /** The response is passed on no more. */
    void release() {
        if (first != null) {
            first.release();
            first = null;
        }
    }
}
