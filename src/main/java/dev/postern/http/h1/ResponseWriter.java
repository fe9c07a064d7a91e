package dev.postern.http.h1;

import dev.postern.http.exchange.LocalResponse;
import dev.postern.http.exchange.WebSocketKey;
import dev.postern.http.message.FieldName;
import dev.postern.http.message.Fields;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseFields;
import dev.postern.http.message.ResponseHead;
import dev.postern.http.message.StatusText;
import dev.postern.http.message.Trailers;
import dev.postern.route.FieldEdits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes responses anew for the HTTP/1 client of one connection, one after another. Knows how the client learns where a
 * body ends. Event loop only.
 */
final class ResponseWriter {
    /** How the client learns where the body ends. */
    private enum BodyEnd {
        /** There is no body, or its length is known and is passed on. */
        LENGTH,
        CHUNKED,
        CLOSE
    }

    private static final byte[] VERSION = HeadWriter.constant("HTTP/1.1 ");
    private static final byte[] CONTENT_LENGTH = HeadWriter.constant("Content-Length: ");
    private static final byte[] CHUNKED = HeadWriter.constant("Transfer-Encoding: chunked\r\n");
    private static final byte[] CLOSE = HeadWriter.constant("Connection: close\r\n");
    private static final byte[] KEEP_ALIVE = HeadWriter.constant("Connection: keep-alive\r\n");
    private static final byte[] UPGRADE = HeadWriter.constant("Connection: Upgrade\r\n");
    private static final byte[] SWITCHING = HeadWriter.constant("HTTP/1.1 101 Switching Protocols\r\n");
    private static final byte[] WEB_SOCKET = HeadWriter.constant("Upgrade: websocket\r\nSec-WebSocket-Accept: ");
    private static final byte[] DATE = HeadWriter.constant("Date: ");

    private static final byte[] NOTHING = {};

    /** A body that is copied behind its head: two writes cost more than copying so many bytes. */
    private static final int COPIED_BODY = 4096;

    private final Channel channel;
    private final HeadWriter out;
    private boolean http10;
    private boolean headOnly;
    private BodyEnd bodyEnd = BodyEnd.LENGTH;
    private boolean chunkOpen;
    /** A head that waits for its short body, with room for it: until that is complete, or all is flushed. */
    private @Nullable ByteBuf waiting;

    ResponseWriter(Channel channel, HeadWriter out) {
        this.channel = channel;
        this.out = out;
    }

    /** What is written next answers {@code request}; null for one whose head could not be read. */
    void answers(@Nullable RequestHead request) {
        http10 = request != null && request.minorVersion() == 0;
        headOnly = request != null && request.isHead();
        bodyEnd = BodyEnd.LENGTH;
        chunkOpen = false;
    }

    /** Whether the client can learn the end of such a body without the connection being closed. */
    boolean canKeepAlive(long bodyLength) {
        return bodyLength >= 0 || !http10;
    }

    /**
     * A final response of a server's.
     *
     * @param date for one that has none (<a href="https://datatracker.ietf.org/doc/html/rfc9110#section-6.6.1">RFC 9110
     *     §6.6.1</a>)
     * @param keepAlive whether the client's connection stays; an HTTP/1.0 client is told so
     */
    void head(ResponseHead head, long bodyLength, byte[] date, boolean keepAlive, FieldEdits edits) {
        bodyEnd = bodyLength >= 0 ? BodyEnd.LENGTH : http10 ? BodyEnd.CLOSE : BodyEnd.CHUNKED;
        start(head, edits);
        if (!head.hasDate()) {
            out.bytes(DATE).bytes(date).crlf();
        }
        if (bodyEnd == BodyEnd.CHUNKED) {
            out.bytes(CHUNKED);
        } else if (bodyEnd == BodyEnd.LENGTH && head.declaredLength() >= 0 && head.status() != 204) {
            out.bytes(CONTENT_LENGTH).number(head.declaredLength()).crlf();
        } else if (bodyEnd == BodyEnd.LENGTH && !headOnly && head.status() != 204 && head.status() != 304) {
            // Over HTTP/2 a server need not say that there is no body.
            out.bytes(CONTENT_LENGTH).number(0).crlf();
        }
        connection(keepAlive);
        out.crlf();
        if (bodyLength > 0 && bodyLength <= COPIED_BODY) {
            waiting = out.end(channel.alloc(), (int) bodyLength);
        } else {
            write(out.end(channel.alloc()));
        }
    }

    private void connection(boolean keepAlive) {
        if (!keepAlive) {
            out.bytes(CLOSE);
        } else if (http10) {
            out.bytes(KEEP_ALIVE);
        }
    }

    void interim(ResponseHead head) {
        start(head, FieldEdits.NONE);
        write(out.crlf().end(channel.alloc()));
    }

    /** The server has switched protocols; over HTTP/2 it says so by a 200 (RFC 8441 §5), and knows of no key. */
    void switching(ResponseHead head, @Nullable RequestHead request) {
        if (head.status() == 101) {
            start(head, FieldEdits.NONE);
            write(out.bytes(UPGRADE).crlf().end(channel.alloc()));
            return;
        }
        out.begin().bytes(SWITCHING);
        fields(head, 101, FieldEdits.NONE);
        if (request != null) {
            out.bytes(WEB_SOCKET).bytes(WebSocketKey.accept(request)).crlf();
        }
        write(out.bytes(UPGRADE).crlf().end(channel.alloc()));
    }

    private void start(ResponseHead head, FieldEdits edits) {
        Fields fields = head.fields();
        out.begin().bytes(VERSION).number(head.status()).byteOf(' ');
        if (head.reasonFrom() < head.reasonTo()) {
            out.bytes(fields.bytes(), head.reasonFrom(), head.reasonTo()).crlf();
        } else {
            // HTTP/2 has none. Without one a response is as good, but there are clients that find no status in it.
            out.text(StatusText.of(head.status())).crlf();
        }
        fields(head, head.status(), edits);
    }

    private void fields(ResponseHead head, int status, FieldEdits edits) {
        Fields fields = head.fields();
        // 426 has to say what it wants; RFC 9110 §15.5.22.
        boolean upgrade = status == 101 || status == 426;
        for (int i = 0; i < fields.count(); i++) {
            if ((upgrade || fields.name(i) != FieldName.UPGRADE) && ResponseFields.pass(head, i, edits)) {
                out.field(fields, i);
            }
        }
        out.fields(edits);
    }

    /** Takes ownership of {@code part}. */
    void body(ByteBuf part) {
        if (!part.isReadable()) {
            // As a chunk it would be the last one.
            part.release();
            return;
        }
        ByteBuf head = waiting;
        if (head != null && part.readableBytes() <= head.writableBytes()) {
            head.writeBytes(part);
            part.release();
            return;
        }
        writeWaiting();
        if (bodyEnd == BodyEnd.CHUNKED) {
            out.begin();
            if (chunkOpen) {
                out.crlf();
            }
            chunkOpen = true;
            write(out.text(Integer.toHexString(part.readableBytes())).crlf().end(channel.alloc()));
        }
        write(part);
    }

    void end(@Nullable Fields trailers) {
        writeWaiting();
        if (bodyEnd == BodyEnd.CHUNKED) {
            write(Trailers.end(out, channel.alloc(), chunkOpen, trailers, true));
        }
    }

    /** What waits goes out, without what else may come. */
    void flush() {
        writeWaiting();
        channel.flush();
    }

    private void writeWaiting() {
        ByteBuf head = waiting;
        if (head != null) {
            waiting = null;
            write(head);
        }
    }

    /** Nothing is written any more. */
    void close() {
        ByteBuf head = waiting;
        if (head != null) {
            waiting = null;
            head.release();
        }
    }

    /** A response of the edge's own, complete. */
    void local(LocalResponse response, byte[] date, boolean keepAlive, FieldEdits edits) {
        boolean bodiless = response.status() == 204 || response.status() == 304;
        out.begin()
                .bytes(VERSION)
                .number(response.status())
                .byteOf(' ')
                .text(StatusText.of(response.status()))
                .crlf();
        out.bytes(DATE).bytes(date).crlf();
        response.headers().forEach((name, value) -> {
            byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
            if (!edits.removes(bytes, 0, bytes.length)) {
                out.bytes(bytes).byteOf(':').byteOf(' ').text(value).crlf();
            }
        });
        out.fields(edits);
        if (!bodiless) {
            out.bytes(CONTENT_LENGTH).number(response.body().length).crlf();
        }
        connection(keepAlive);
        out.crlf();
        byte[] body = headOnly || bodiless ? NOTHING : response.body();
        if (body.length <= COPIED_BODY) {
            write(out.bytes(body).end(channel.alloc()));
        } else {
            write(out.end(channel.alloc()));
            write(Unpooled.wrappedBuffer(body));
        }
    }

    /** A failure of the write comes back as an exception of the channel, which closes it. */
    private void write(ByteBuf bytes) {
        var unused = channel.write(bytes, channel.voidPromise());
    }
}
