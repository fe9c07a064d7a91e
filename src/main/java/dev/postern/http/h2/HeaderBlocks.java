package dev.postern.http.h2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;

/**
 * The header blocks of one HTTP/2 connection. How large a head may be is decided where it is spelled out as HTTP/1.1, so
 * that it is the same for every protocol; here is only as much room as any such head may need. Event loop only.
 */
final class HeaderBlocks extends DefaultHttp2HeadersDecoder {
    /** What HTTP/2 counts for each field besides its name and its value, RFC 9113 §10.5.1. */
    private static final int PER_FIELD = 32;

    /**
     * How much larger a list of crumbs ({@code cookie}, a byte, and {@link #PER_FIELD}) is than the same as one field, where
     * each is that byte and a separator.
     */
    private static final int CRUMBS = ("cookie".length() + 1 + PER_FIELD) / 3;

    /** One to change the size to the smallest it was meanwhile, one to what it is now; RFC 7541 §4.2. */
    private static final int MAX_SIZE_UPDATES = 2;

    /** A literal field costs no more than it does in HTTP/1.1, give or take a few bytes. */
    private static final int BLOCK_PER_HEAD = 2;

    private final long longestBlock;

    /** Values are looked at by {@link Http2Fields}, which knows whose they are. */
    private HeaderBlocks(int longestHead, long longestList) {
        super(true, false, longestList);
        this.longestBlock = (long) BLOCK_PER_HEAD * longestHead;
    }

    /** Those of requests with heads of so many bytes and fields, crumbs of a cookie (RFC 9113 §8.2.3) being one. */
    static HeaderBlocks ofRequests(int longestHead, int fields) {
        return new HeaderBlocks(longestHead, (long) CRUMBS * longestHead + (long) PER_FIELD * fields);
    }

    /** Those of responses with heads of so many bytes and fields, and {@code :status}. */
    static HeaderBlocks ofResponses(int longestHead, int fields) {
        return new HeaderBlocks(longestHead, longestHead + (long) PER_FIELD * (1 + fields));
    }

    /** How many bytes are kept of a block before it is complete; what is beyond ends the connection. */
    @Override
    public long maxHeaderListSizeGoAway() {
        return longestBlock;
    }

    @Override
    public Http2Headers decodeHeaders(int streamId, ByteBuf block) throws Http2Exception {
        checkSizeUpdates(block);
        return super.decodeHeaders(streamId, block);
    }

    /** They come before all fields (RFC 7541 §4.2), and each may make a new table. */
    private static void checkSizeUpdates(ByteBuf block) throws Http2Exception {
        int updates = 0;
        int end = block.writerIndex();
        for (int at = block.readerIndex(); at < end && (block.getByte(at) & 0xe0) == 0x20; at++) {
            if (++updates > MAX_SIZE_UPDATES) {
                throw Http2Exception.connectionError(
                        Http2Error.COMPRESSION_ERROR, "over %d table size updates in a header block", MAX_SIZE_UPDATES);
            }
            if ((block.getByte(at) & 0x1f) == 0x1f) {
                // A number of more bytes, the last of which is without its first bit (RFC 7541 §5.1).
                do {
                    at++;
                } while (at < end && block.getByte(at) < 0);
            }
        }
    }
}
