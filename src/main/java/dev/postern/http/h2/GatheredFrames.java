package dev.postern.http.h2;

import dev.postern.machine.MachineErrors;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.DefaultHttp2FrameWriter;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2FrameTypes;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes frames (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-4.1">RFC 9113 §4.1</a>): HEADERS and small DATA of
 * all streams go one behind the other into one buffer, which is handed on before anything else is written, and with {@link
 * #handOn}. A frame of its own each time is four writes and as many promises for one small answer. Whoever flushes the
 * connection, closes it, or lets it go hands on before. Event loop only.
 */
final class GatheredFrames extends DefaultHttp2FrameWriter {
    private static final Logger LOG = LoggerFactory.getLogger(GatheredFrames.class);

    private static final int HEADER = Http2CodecUtil.FRAME_HEADER_LENGTH;
    private static final int END_STREAM = 0x1;
    private static final int END_HEADERS = 0x4;

    /** Bytes. Larger ones are not copied. */
    private static final int SMALL = 4096;

    /** Bytes: about as much as goes into a TLS record. */
    private static final int ROOM = 16 * 1024;

    private final HpackWriter heads;
    private @Nullable ByteBuf gathered;
    /** Whose last frame is in it. */
    private List<SendWindow> ending = new ArrayList<>();

    GatheredFrames(HpackWriter heads) {
        super(heads);
        this.heads = heads;
    }

    /** Where the block of the next {@link #head} is put together. */
    HpackWriter heads() {
        return heads;
    }

    /** The block that was put together. */
    void head(ChannelHandlerContext ctx, SendWindow stream, boolean last) {
        block(ctx, stream, heads.array(), heads.length(), last);
    }

    /** @param block of fields that name nothing of the table */
    void trailers(ChannelHandlerContext ctx, SendWindow stream, byte[] block) {
        HpackWriter with = heads.begin().block(block);
        block(ctx, stream, with.array(), with.length(), true);
    }

    /** @param bytes {@code [0, length)} of it are a block */
    private void block(ChannelHandlerContext ctx, SendWindow stream, byte[] bytes, int length, boolean last) {
        ByteBuf to = room(ctx, HEADER + length);
        int flags = last ? END_STREAM : 0;
        int from = 0;
        byte type = Http2FrameTypes.HEADERS;
        do {
            // What is longer than a frame may be goes on in CONTINUATION (RFC 9113 §6.10).
            int part = Math.min(maxFrameSize(), length - from);
            boolean end = from + part == length;
            header(to, part, type, flags | (end ? END_HEADERS : 0), stream.id());
            to.writeBytes(bytes, from, part);
            from += part;
            flags = 0;
            type = Http2FrameTypes.CONTINUATION;
        } while (from < length);
        heads.sent();
        if (last) {
            ending.add(stream);
        }
    }

    /** Takes ownership of {@code data}, which is no longer than a frame may be. */
    void data(ChannelHandlerContext ctx, SendWindow stream, ByteBuf data, boolean last) {
        int length = data.readableBytes();
        boolean copied = length <= SMALL;
        ByteBuf to = room(ctx, copied ? HEADER + length : HEADER);
        header(to, length, Http2FrameTypes.DATA, last ? END_STREAM : 0, stream.id());
        if (copied) {
            to.writeBytes(data);
            data.release();
            if (last) {
                ending.add(stream);
            }
            return;
        }
        handOn(ctx);
        ChannelFuture written = ctx.write(data);
        if (last) {
            written.addListener(done -> stream.sent(done.cause()));
        }
    }

    private static void header(ByteBuf to, int length, byte type, int flags, int stream) {
        to.writeMedium(length).writeByte(type).writeByte(flags).writeInt(stream);
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
        ChannelFuture written = ctx.write(present);
        if (!ending.isEmpty()) {
            List<SendWindow> with = ending;
            ending = new ArrayList<>(with.size());
            written.addListener(done -> tell(with, done));
        }
    }

    private static void tell(List<SendWindow> with, Future<?> written) {
        for (SendWindow stream : with) {
            try {
                stream.sent(written.cause());
            } catch (RuntimeException e) {
                // What one of them does wrong is not to keep it from the others.
                MachineErrors.check(e);
                LOG.error("stream {}: bug", stream.id(), e);
            }
        }
    }

    @Override
    public void close() {
        ByteBuf present = gathered;
        if (present != null) {
            gathered = null;
            present.release();
        }
        ending.clear();
        super.close();
    }

    // ---- everything else, in its order

    /** What Netty itself answers, where a list of fields is too long for it. */
    @Override
    public ChannelFuture writeHeaders(
            ChannelHandlerContext ctx,
            int stream,
            Http2Headers head,
            int padding,
            boolean last,
            ChannelPromise promise) {
        handOn(ctx);
        return super.writeHeaders(ctx, stream, head, padding, last, promise);
    }

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
