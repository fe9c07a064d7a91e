package dev.postern.http.coding;

import com.github.luben.zstd.EndDirective;
import com.github.luben.zstd.ZstdCompressCtx;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/** {@code zstd}, <a href="https://datatracker.ietf.org/doc/html/rfc8878">RFC 8878</a>. */
final class ZstdCoder implements ContentCoder {
    /** The library's default: faster than gzip, and smaller. */
    private static final int LEVEL = 3;

    /** A window of 256 KiB (RFC 9659 allows 8 MiB) and tables to match: about 1 MiB for each response under way. */
    private static final int WINDOW_LOG = 18;

    private static final int TABLE_LOG = 16;

    private static final int ROOM = 1024;

    private final ZstdCompressCtx context = new ZstdCompressCtx();
    private boolean closed;

    ZstdCoder() {
        context.setLevel(LEVEL).setWindowLog(WINDOW_LOG).setHashLog(TABLE_LOG).setChainLog(TABLE_LOG);
    }

    @Override
    public void write(ByteBuf in, ByteBuf out) {
        if (in.isDirect()) {
            for (ByteBuffer bytes : in.nioBuffers()) {
                take(bytes, out);
            }
            return;
        }
        ByteBuf direct =
                in.alloc().directBuffer(in.readableBytes()).writeBytes(in, in.readerIndex(), in.readableBytes());
        try {
            take(direct.nioBuffer(), out);
        } finally {
            direct.release();
        }
    }

    private void take(ByteBuffer bytes, ByteBuf out) {
        while (bytes.hasRemaining()) {
            var unused = compress(bytes, out, EndDirective.CONTINUE);
        }
    }

    /** Whether all that there was has been written. */
    private boolean compress(ByteBuffer in, ByteBuf out, EndDirective how) {
        out.ensureWritable(ROOM);
        ByteBuffer room = out.nioBuffer(out.writerIndex(), out.writableBytes());
        int before = room.position();
        boolean complete = context.compressDirectByteBufferStream(room, in, how);
        out.writerIndex(out.writerIndex() + room.position() - before);
        return complete;
    }

    @Override
    public void flush(ByteBuf out) {
        while (!compress(nothing(), out, EndDirective.FLUSH)) {
            // Into the room that is made for it.
        }
    }

    @Override
    public void finish(ByteBuf out) {
        while (!compress(nothing(), out, EndDirective.END)) {
            // Into the room that is made for it.
        }
    }

    private static ByteBuffer nothing() {
        return ByteBuffer.allocateDirect(0);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            context.close();
        }
    }
}
