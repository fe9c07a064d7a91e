package dev.postern.http.exchange;

import dev.postern.http.message.Fields;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import dev.postern.wire.Failure.ByServer;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * What comes back from a server for one request: interim responses, then a final one with its body, or a tunnel, or a
 * failure. A {@link ServerStream} tells it, whatever protocol the server speaks. Event loop only.
 */
public interface ResponseReceiver {
    /** What is answered. */
    RequestHead request();

    /** Whether everything the server is to get has been given to it. */
    boolean isRequestSent();

    /** The server takes more of the request again. */
    void serverWritable();

    /** False where the response is not one to pass on; the exchange has then failed. */
    boolean interimResponse(ResponseHead head);

    /** The server wants to switch protocols; false where it was not asked to: the exchange has then failed. */
    boolean switchesProtocols(ResponseHead head);

    /** The server has agreed: bytes go back and forth as they are. */
    void switched(ResponseHead head);

    void responseHead(ResponseHead head, long bodyLength);

    /** Takes ownership of {@code part}. */
    void responseBody(ByteBuf part);

    /** What the server sent in one go has been handed over: the client is to see it. */
    void flushResponse();

    void responseEnd(@Nullable Fields trailers);

    /** The server has ended its response in the middle; the failure follows. */
    void breaksOff(BreakOff why);

    /**
     * The server connection broke, or what it sent must not be passed on; it is closed already.
     *
     * @param unsent nothing of the request could be written
     */
    void serverFailed(ByServer failure, String detail, boolean unsent);

    /** Runs what nobody waits for the end of: where it throws, the exchange ends, and does not hang. */
    void guard(Runnable work);
}
