package dev.postern.http.h2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.concurrent.Future;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-4.1">RFC 9113 §4.1</a>): HEADERS and small DATA of
 * all streams go one behind the other into one buffer, which is handed on before anything else is written, and with {@link
 * #handOn}. A frame of its own each time is four writes and as many promises for one small answer. Whoever flushes the
 * connection, closes it, or lets it go hands on before. Event loop only.
 */
final class GatheredFrames extends DefaultHttp2FrameWriter {
    private static final int HEADER = Http2CodecUtil.FRAME_HEADER_LENGTH;
    private static final int END_STREAM = 0x1;
    private static final int END_HEADERS = 0x4;

    /** Bytes. Larger ones are not copied. */
    private static final int SMALL = 4096;

    /** Bytes: about as much as goes into a TLS record. */
    private static final int ROOM = 16 * 1024;

    private final Http2HeadersEncoder heads;
    private @Nullable ByteBuf gathered;
    private List<ChannelPromise> promises = new ArrayList<>();

    GatheredFrames() {
        this(new DefaultHttp2HeadersEncoder());
    }

    private GatheredFrames(Http2HeadersEncoder heads) {
        super(heads);
        this.heads = heads;
    }

    @Override
    public ChannelFuture writeHeaders(
            ChannelHandlerContext ctx,
            int stream,
            Http2Headers head,
            int padding,
            boolean last,
            ChannelPromise promise) {
        if (padding > 0) {
            handOn(ctx);
            return super.writeHeaders(ctx, stream, head, padding, last, promise);
        }
        ByteBuf to = room(ctx, 0);
        int start = to.writerIndex();
        try {
            to.writeZero(HEADER);
            heads.encodeHeaders(stream, head, to);
        } catch (Http2Exception | RuntimeException e) {
            to.writerIndex(start);
            return promise.setFailure(e);
        }
        int block = to.writerIndex() - start - HEADER;
        int flags = last ? END_STREAM : 0;
        if (block <= maxFrameSize()) {
            header(to, start, block, Http2FrameTypes.HEADERS, flags | END_HEADERS, stream);
        } else {
            split(to, start, block, flags, stream);
        }
        promises.add(promise);
        return promise;
    }

    /** A block that is longer than a frame may be goes on in CONTINUATION (RFC 9113 §6.10). */
    private void split(ByteBuf to, int start, int block, int flags, int stream) {
        byte[] whole = new byte[block];
        to.getBytes(start + HEADER, whole).writerIndex(start);
        for (int from = 0; from < block; ) {
            int length = Math.min(maxFrameSize(), block - from);
            boolean end = from + length == block;
            byte type = from == 0 ? Http2FrameTypes.HEADERS : Http2FrameTypes.CONTINUATION;
            int at = to.writerIndex();
            to.writeZero(HEADER);
            header(to, at, length, type, (from == 0 ? flags : 0) | (end ? END_HEADERS : 0), stream);
            to.writeBytes(whole, from, length);
            from += length;
        }
    }

    @Override
    public ChannelFuture writeData(
            ChannelHandlerContext ctx, int stream, ByteBuf data, int padding, boolean last, ChannelPromise promise) {
        int length = data.readableBytes();
        if (padding > 0 || length > SMALL || length > maxFrameSize()) {
            handOn(ctx);
            return super.writeData(ctx, stream, data, padding, last, promise);
        }
        ByteBuf to = room(ctx, HEADER + length);
        int start = to.writerIndex();
        to.writeZero(HEADER);
        header(to, start, length, Http2FrameTypes.DATA, last ? END_STREAM : 0, stream);
        to.writeBytes(data);
        data.release();
        promises.add(promise);
        return promise;
    }

    private static void header(ByteBuf to, int at, int length, byte type, int flags, int stream) {
        to.setMedium(at, length);
        to.setByte(at + 3, type);
        to.setByte(at + 4, flags);
        to.setInt(at + 5, stream);
    }

    /** With so many bytes more it would still be one piece. */
    private ByteBuf room(ChannelHandlerContext ctx, int bytes) {
        ByteBuf present = gathered;
        if (present != null && present.readableBytes() + bytes > ROOM) {
            handOn(ctx);
            present = null;
        }
        if (present == null) {
            present = ctx.alloc().ioBuffer(ROOM / 8);
            gathered = present;
        }
        return present;
    }

    /** Writes what has been gathered; does not flush. */
    void handOn(ChannelHandlerContext ctx) {
        ByteBuf present = gathered;
        if (present == null) {
            return;
        }
        gathered = null;
        List<ChannelPromise> with = promises;
        promises = new ArrayList<>();
        if (!present.isReadable()) {
            present.release();
            return;
        }
        ctx.write(present).addListener(written -> tell(with, written));
    }

    private static void tell(List<ChannelPromise> with, Future<?> written) {
        for (ChannelPromise promise : with) {
            if (written.isSuccess()) {
                promise.trySuccess();
            } else {
                promise.tryFailure(written.cause());
            }
        }
    }

    @Override
    public void close() {
        ByteBuf present = gathered;
        if (present != null) {
            gathered = null;
            present.release();
            List<ChannelPromise> with = promises;
            promises = new ArrayList<>();
            ClosedChannelException closed = new ClosedChannelException();
            with.forEach(promise -> promise.tryFailure(closed));
        }
        super.close();
    }

    // ---- everything else, in its order

    @Override
    public ChannelFuture writeRstStream(ChannelHandlerContext ctx, int stream, long error, ChannelPromise promise) {
        handOn(ctx);
        return super.writeRstStream(ctx, stream, error, promise);
    }

    @Override
    public ChannelFuture writeSettings(ChannelHandlerContext ctx, Http2Settings settings, ChannelPromise promise) {
        handOn(ctx);
        return super.writeSettings(ctx, settings, promise);
    }

    @Override
    public ChannelFuture writeSettingsAck(ChannelHandlerContext ctx, ChannelPromise promise) {
        handOn(ctx);
        return super.writeSettingsAck(ctx, promise);
    }

    @Override
    public ChannelFuture writePing(ChannelHandlerContext ctx, boolean ack, long data, ChannelPromise promise) {
        handOn(ctx);
        return super.writePing(ctx, ack, data, promise);
    }

    @Override
    public ChannelFuture writeGoAway(
            ChannelHandlerContext ctx, int lastStream, long error, ByteBuf debug, ChannelPromise promise) {
        handOn(ctx);
        return super.writeGoAway(ctx, lastStream, error, debug, promise);
    }

    @Override
    public ChannelFuture writeWindowUpdate(ChannelHandlerContext ctx, int stream, int bytes, ChannelPromise promise) {
        handOn(ctx);
        return super.writeWindowUpdate(ctx, stream, bytes, promise);
    }
}
