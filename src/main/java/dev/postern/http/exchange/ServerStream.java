package dev.postern.http.exchange;

import dev.postern.http.message.Fields;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of one exchange: where the request goes. A turn of an HTTP/1 connection, or one stream of an HTTP/2
 * connection. What comes back goes to a {@link ResponseReceiver}. Event loop only.
 */
public interface ServerStream {
    /**
     * Sends the head of a request.
     *
     * @param receiver hears of everything that follows
     * @param watchWrite whether it matters later that nothing at all could be written
     */
    void begin(OutgoingRequest request, ResponseReceiver receiver, boolean watchWrite);

    /** Takes ownership of {@code part}. */
    void requestBody(ByteBuf part);

    /** The request is complete. */
    void requestEnd(@Nullable Fields trailers);

    void flush();

    /** False while the server takes less than the client gives. */
    boolean isWritable();

    /** Reads no more of the response until told to. */
    void pauseResponse();

    void resumeResponse();

    /** The exchange has ended some other way, and hears no more. */
    void abort();

    /** Of a tunnel: as {@link #abort}, but what was sent gets there, if the server takes it within {@code nanos}. */
    void leave(long nanos);

    /** The exchange that this was made for has ended before it began here. */
    void unused();
}
