package dev.postern.http.coding;

import com.aayushatharva.brotli4j.encoder.BrotliEncoderChannel;
import com.aayushatharva.brotli4j.encoder.Encoder;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/** {@code br}, <a href="https://datatracker.ietf.org/doc/html/rfc7932">RFC 7932</a>. */
final class BrotliCoder implements ContentCoder {
    /** As fast as gzip, and a tenth smaller; above this it takes several times as long. */
    private static final int QUALITY = 4;

    /** The logarithm of the window: 256 KiB. */
    private static final int WINDOW_LOG = 18;

    private final BrotliEncoderChannel encoder;
    /** Where what is ready goes; null while nobody asked for anything. */
    private @Nullable ByteBuf target;

    private boolean closed;

    BrotliCoder() {
        try {
            this.encoder = new BrotliEncoderChannel(new Target(), Encoder.Parameters.create(QUALITY, WINDOW_LOG));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void write(ByteBuf in, ByteBuf out) {
        target = out;
        try {
            for (ByteBuffer bytes : in.nioBuffers()) {
                while (bytes.hasRemaining()) {
                    encoder.write(bytes);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            target = null;
        }
    }

    @Override
    public void flush(ByteBuf out) {
        target = out;
        try {
            encoder.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            target = null;
        }
    }

    @Override
    public void finish(ByteBuf out) {
        target = out;
        try {
            close();
        } finally {
            target = null;
        }
    }

    /** Finishes as well; where nobody wants the end, it goes nowhere. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            encoder.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Target implements WritableByteChannel {
        @Override
        public int write(ByteBuffer ready) {
            int length = ready.remaining();
            ByteBuf to = target;
            if (to == null) {
                ready.position(ready.limit());
            } else {
                to.writeBytes(ready);
            }
            return length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
