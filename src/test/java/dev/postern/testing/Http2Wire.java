package dev.postern.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * One end of an HTTP/2 connection that sends what it is told, frame by frame, also what nobody would. Blocking; one
 * thread reads, any number may write. Answers nothing by itself: neither SETTINGS, nor PING, nor windows.
 *
 * @param <S> the end itself, so that calls can be chained
 */
public abstract class Http2Wire<S extends Http2Wire<S>> implements AutoCloseable {
    public static final int DATA = 0;
    public static final int HEADERS = 1;
    public static final int PRIORITY = 2;
    public static final int RST_STREAM = 3;
    public static final int SETTINGS = 4;
    public static final int PING = 6;
    public static final int GOAWAY = 7;
    public static final int WINDOW_UPDATE = 8;
    public static final int CONTINUATION = 9;

    public static final int ACK = 1;
    public static final int END_STREAM = 1;
    public static final int END_HEADERS = 4;

    public static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    /** @param headers of a HEADERS frame; else null */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    public record Frame(int type, int flags, int stream, byte[] payload, Http2Headers headers) {
        public boolean isLast() {
            return (flags & END_STREAM) != 0 && (type == DATA || type == HEADERS);
        }

        /** The error code of RST_STREAM or GOAWAY. */
        public int error() {
            int at = type == GOAWAY ? 4 : 0;
            return (payload[at] & 0xff) << 24
                    | (payload[at + 1] & 0xff) << 16
                    | (payload[at + 2] & 0xff) << 8
                    | (payload[at + 3] & 0xff);
        }
    }

    /** A whole response; {@code trailers} is null where there were none. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    public record Response(int status, Http2Headers headers, byte[] bytes, Http2Headers trailers) {
        public String body() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private final Socket socket;
    private final Socket transport;
    private final DataInputStream in;
    private final OutputStream out;
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder(false);
    private final List<Frame> unread = new ArrayList<>();

    Http2Wire(Socket socket) throws IOException {
        this(socket, socket);
    }

    /** @param transport what {@code socket} is a layer over */
    Http2Wire(Socket socket, Socket transport) throws IOException {
        this.socket = socket;
        this.transport = transport;
        this.in = new DataInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
    }

    abstract S self();

    /** The socket to the other side, below TLS. */
    public Socket transport() {
        return transport;
    }

    DataInputStream in() {
        return in;
    }

    /** Identifier, value, identifier, value, … */
    S settings(int... settings) {
        ByteBuf frame = Unpooled.buffer();
        for (int i = 0; i < settings.length; i += 2) {
            frame.writeShort(settings[i]).writeInt(settings[i + 1]);
        }
        byte[] payload = new byte[frame.readableBytes()];
        frame.readBytes(payload);
        return send(SETTINGS, 0, 0, payload);
    }

    /** The bytes of a frame. */
    public static byte[] frame(int type, int flags, int stream, byte... payload) {
        byte[] frame = new byte[9 + payload.length];
        frame[0] = (byte) (payload.length >> 16);
        frame[1] = (byte) (payload.length >> 8);
        frame[2] = (byte) payload.length;
        frame[3] = (byte) type;
        frame[4] = (byte) flags;
        frame[5] = (byte) (stream >> 24);
        frame[6] = (byte) (stream >> 16);
        frame[7] = (byte) (stream >> 8);
        frame[8] = (byte) stream;
        System.arraycopy(payload, 0, frame, 9, payload.length);
        return frame;
    }

    public S send(int type, int flags, int stream, byte... payload) {
        return raw(frame(type, flags, stream, payload));
    }

    public synchronized S raw(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
            return self();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A header block of these fields: name, value, name, value, … */
    public synchronized byte[] block(int stream, String... fields) {
        Http2Headers headers = new DefaultHttp2Headers(false);
        for (int i = 0; i < fields.length; i += 2) {
            headers.add(fields[i], fields[i + 1]);
        }
        ByteBuf block = Unpooled.buffer();
        try {
            encoder.encodeHeaders(stream, headers, block);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
        byte[] bytes = new byte[block.readableBytes()];
        block.readBytes(bytes);
        return bytes;
    }

    public synchronized S headers(int stream, boolean last, String... fields) {
        return send(HEADERS, END_HEADERS | (last ? END_STREAM : 0), stream, block(stream, fields));
    }

    public S data(int stream, boolean last, byte[] bytes) {
        return send(DATA, last ? END_STREAM : 0, stream, bytes);
    }

    /** Lets the other side send so many more bytes; on the whole connection for stream 0. */
    public S window(int stream, int bytes) {
        return send(WINDOW_UPDATE, 0, stream, (byte) (bytes >> 24), (byte) (bytes >> 16), (byte) (bytes >> 8), (byte)
                bytes);
    }

    /** The next frame, as it comes; null where the other side has closed. */
    public Frame read() {
        try {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            int stream = in.readInt() & 0x7fffffff;
            byte[] payload = in.readNBytes(length);
            if (payload.length < length) {
                throw new EOFException();
            }
            Http2Headers headers =
                    type == HEADERS ? decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(payload)) : null;
            return new Frame(type, flags, stream, payload, headers);
        } catch (EOFException e) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** The next frame that fits; others are kept for later. Null where the other side has closed before. */
    public Frame await(Predicate<Frame> wanted) {
        Frame kept = poll(wanted);
        if (kept != null) {
            return kept;
        }
        for (Frame frame = read(); frame != null; frame = read()) {
            if (wanted.test(frame)) {
                return frame;
            }
            unread.add(frame);
        }
        return null;
    }

    /** As {@link #await(Predicate)}, of the frames that were read already. */
    public Frame poll(Predicate<Frame> wanted) {
        for (int i = 0; i < unread.size(); i++) {
            if (wanted.test(unread.get(i))) {
                return unread.remove(i);
            }
        }
        return null;
    }

    public Frame await(int type, int stream) {
        return await(frame -> frame.type() == type && frame.stream() == stream);
    }

    /** The whole response on a stream; what comes of others meanwhile is kept. Interim ones are passed over. */
    public Response response(int stream) {
        Frame head = await(frame -> frame.stream() == stream
                && (frame.type() == RST_STREAM
                        || (frame.type() == HEADERS && frame.headers().status().charAt(0) != '1')));
        if (head == null || head.type() == RST_STREAM) {
            throw new IllegalStateException(head == null ? "closed" : "reset with " + head.error());
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        Http2Headers trailers = null;
        for (Frame frame = head; !frame.isLast(); ) {
            frame = await(next -> next.stream() == stream
                    && (next.type() == DATA || next.type() == HEADERS || next.type() == RST_STREAM));
            if (frame == null || frame.type() == RST_STREAM) {
                throw new IllegalStateException(frame == null ? "closed" : "reset with " + frame.error());
            }
            if (frame.type() == DATA) {
                body.writeBytes(frame.payload());
            } else {
                trailers = frame.headers();
            }
        }
        return new Response(
                Integer.parseInt(head.headers().status().toString()), head.headers(), body.toByteArray(), trailers);
    }

    /** Breaks the connection with an RST, below TLS. */
    public void abort() throws IOException {
        transport.setSoLinger(true, 0);
        transport.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
