package dev.postern.http.exchange;

import dev.postern.http.message.Fields;
import dev.postern.http.message.ResponseHead;
import dev.postern.route.FieldEdits;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of one exchange: where the response goes. One request of an HTTP/1 connection, or one stream of an
 * HTTP/2 connection. Event loop only.
 */
public interface ClientStream {
    /** What is known of the connection the request came on. */
    Client info();

    /** An interim response, <a href="https://datatracker.ietf.org/doc/html/rfc9110#section-15.2">RFC 9110 §15.2</a>. */
    void interim(ResponseHead head);

    /** The final response of a server; its body follows, unless {@code bodyLength} is 0. */
    void response(ResponseHead head, long bodyLength, FieldEdits edits);

    /** Takes ownership of {@code part}. */
    void responseBody(ByteBuf part);

    /** The response is complete. */
    void responseEnd(@Nullable Fields trailers);

    /** A response that the edge makes itself, complete. */
    void respond(LocalResponse response, FieldEdits edits);

    /** With the response its connection ends, unless others share it. */
    default void isLast() {}

    void flush();

    /** False while the client takes less than the server gives. */
    boolean isWritable();

    /** Reads no more of the request until told to. */
    void pauseRequest();

    void resumeRequest();

    /** The response cannot be completed: breaks it off so that the client can tell, and tells it why where it can be told. */
    void abort(BreakOff why);

    /**
     * The server agreed to switch protocols: says so, in the words of the client's protocol. From now on what the client
     * sends is the body of the request, and what it gets that of the response, byte by byte.
     */
    void switchProtocols(ResponseHead head);
}
