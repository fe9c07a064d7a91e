package dev.postern.http.h2;

import dev.postern.http.message.RawFields;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersDecoder;

/**
 * The header blocks of one HTTP/2 connection. How large a head may be is decided where it is spelled out as HTTP/1.1, so
 * that it is the same for every protocol; here is only as much room as any such head may need. Event loop only.
 */
final class HeaderBlocks implements Http2HeadersDecoder, Http2HeadersDecoder.Configuration {
    /**
     * How much larger a list of crumbs ({@code cookie}, a byte, and {@link HpackTable#PER_FIELD}) is than the same as one field,
     * where each is that byte and a separator.
     */
    private static final int CRUMBS = ("cookie".length() + 1 + HpackTable.PER_FIELD) / 3;

    /** A literal field costs no more than it does in HTTP/1.1, give or take a few bytes. */
    private static final int BLOCK_PER_HEAD = 2;

    private final HpackReader reader = new HpackReader();
    private final DecodedFields decoded;
    private final long longestBlock;
    private final long longestList;

    private HeaderBlocks(RawFields fields, int longestHead, long longestList) {
        this.decoded = new DecodedFields(fields);
        this.longestBlock = (long) BLOCK_PER_HEAD * longestHead;
        this.longestList = longestList;
    }

    /**
     * Those of requests with heads of so many bytes and fields, crumbs of a cookie (RFC 9113 §8.2.3) being one.
     *
     * @param raw where they are put together
     */
    static HeaderBlocks ofRequests(RawFields raw, int longestHead, int fields) {
        return new HeaderBlocks(raw, longestHead, (long) CRUMBS * longestHead + (long) HpackTable.PER_FIELD * fields);
    }

    /** Those of responses with heads of so many bytes and fields, and {@code :status}. */
    static HeaderBlocks ofResponses(RawFields raw, int longestHead, int fields) {
        return new HeaderBlocks(raw, longestHead, longestHead + (long) HpackTable.PER_FIELD * (1 + fields));
    }

    /** What comes is good until the next block of any connection of this event loop. */
    @Override
    public Http2Headers decodeHeaders(int stream, ByteBuf block) throws Http2Exception {
        RawFields fields = decoded.raw().begin();
        int length = block.readableBytes();
        byte[] bytes = fields.block(length);
        block.readBytes(bytes, 0, length);
        long list = reader.read(bytes, 0, length, fields, longestList);
        if (list > longestList) {
            throw Http2Exception.headerListSizeError(
                    stream, Http2Error.PROTOCOL_ERROR, true, "list of fields over %d bytes", longestList);
        }
        return decoded;
    }

    @Override
    public Configuration configuration() {
        return this;
    }

    @Override
    public void maxHeaderTableSize(long allowed) {
        // What we have said is what RFC 7541 begins with, and does not change.
    }

    @Override
    public long maxHeaderTableSize() {
        return Http2Limits.HEADER_TABLE;
    }

    @Override
    public void maxHeaderListSize(long longest, long longestAtAll) {
        // We have said what was known from the beginning.
    }

    @Override
    public long maxHeaderListSize() {
        return longestList;
    }

    /** How many bytes are kept of a block before it is complete; what is beyond ends the connection. */
    @Override
    public long maxHeaderListSizeGoAway() {
        return longestBlock;
    }
}
