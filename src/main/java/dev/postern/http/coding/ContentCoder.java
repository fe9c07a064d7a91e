package dev.postern.http.coding;

import io.netty.buffer.ByteBuf;

/**
 * Compresses one body, part by part. Holds memory outside the heap from the beginning until {@link #close}. Event loop
 * only.
 */
interface ContentCoder {
    /** Takes all of {@code in}, and writes to {@code out} what is ready; the rest waits for more. */
    void write(ByteBuf in, ByteBuf out);

    /** Writes so much that a client can decode all that was taken so far. */
    void flush(ByteBuf out);

    /** Writes what is left, and the end. */
    void finish(ByteBuf out);

    /** Lets go of everything, whether it was finished or not. May be called again. */
    void close();
}
