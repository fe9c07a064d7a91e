package dev.postern.http.h2;

import dev.postern.http.exchange.RequestIds;
import dev.postern.http.exchange.Samples;
import dev.postern.http.message.Heads;
import dev.postern.http.message.RequestHead;
import dev.postern.http.message.ResponseHead;
import dev.postern.route.FieldEdits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Heads over HTTP/2, from header blocks and to them: the client's tables know what it has asked before. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HeaderBlockBenchmark {
    private final Heads heads = Samples.heads();
    private final RequestIds ids = Samples.ids();
    private final HeaderBlocks decoder = HeaderBlocks.ofRequests(heads.raw(), 16 * 1024, 100);
    private final HpackWriter encoder = new HpackWriter(heads.block());
    private final ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer(16 * 1024);
    private ByteBuf block;
    private ResponseHead response;

    @Setup
    public void setUp() throws Exception {
        Http2Headers request = new DefaultHttp2Headers()
                .method("GET")
                .scheme("https")
                .authority("shop.example.com")
                .path("/shop/items/4711?page=3&sort=price");
        Samples.REQUEST
                .lines()
                .skip(2)
                .filter(line -> !line.isEmpty() && !line.startsWith("Connection"))
                .forEach(line -> {
                    int colon = line.indexOf(':');
                    request.add(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 2));
                });
        // The second one, which is short; the first one has filled the table.
        DefaultHttp2HeadersEncoder client = new DefaultHttp2HeadersEncoder();
        ByteBuf first = PooledByteBufAllocator.DEFAULT.directBuffer();
        client.encodeHeaders(1, request, first);
        decoder.decodeHeaders(1, first);
        first.release();
        block = PooledByteBufAllocator.DEFAULT.directBuffer();
        client.encodeHeaders(3, request, block);
        byte[] bytes = Samples.bytes(Samples.RESPONSE);
        response = Samples.parser().response(bytes, bytes.length, Set.of());
    }

    @Benchmark
    public RequestHead readRequest() throws Exception {
        DecodedFields fields = (DecodedFields) decoder.decodeHeaders(3, block.readerIndex(0));
        return Http2Heads.request(heads, ids, fields.raw(), true);
    }

    @Benchmark
    public int writeResponse() throws Exception {
        Http2Heads.response(encoder.begin(), response, heads.date(), FieldEdits.NONE);
        return out.clear().writeBytes(encoder.array(), 0, encoder.length()).readableBytes();
    }
}
