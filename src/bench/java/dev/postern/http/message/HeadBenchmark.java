package dev.postern.http.message;

import dev.postern.http.exchange.Samples;
import dev.postern.wire.Failure;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What comes over HTTP/1.1, read. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HeadBenchmark {
    private final HeadParser parser = Samples.parser();
    private final byte[] request = Samples.bytes(Samples.REQUEST);
    private final byte[] response = Samples.bytes(Samples.RESPONSE);
    private final byte[] chunks = Samples.bytes("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + ("400\r\n" + "x".repeat(1024) + "\r\n").repeat(8)
            + "0\r\n\r\n");
    private final ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    private final Taking taking = new Taking(parser);
    private final MessageDecoder decoder = new MessageDecoder(
            taking, new HeadSpace(parser, 16 * 1024), Failure.ByClient.MALFORMED, Failure.ByClient.HEAD_TOO_LARGE);

    @Benchmark
    public RequestHead parseRequest() throws BadMessage {
        return parser.request(request, request.length);
    }

    @Benchmark
    public ResponseHead parseResponse() throws BadMessage {
        return parser.response(response, response.length, Set.of());
    }

    /** A message of eight chunks of 1 kB, which came in one read. */
    @Benchmark
    public long decodeChunks() throws BadMessage {
        decoder.decode(allocator, allocator.directBuffer(chunks.length).writeBytes(chunks));
        return taking.bytes;
    }

    private static final class Taking implements MessageDecoder.Receiver {
        private final HeadParser parser;
        private long bytes;

        Taking(HeadParser parser) {
            this.parser = parser;
        }

        @Override
        public boolean readyForHead() {
            return true;
        }

        @Override
        public int head(byte[] bytes, int to) throws BadMessage {
            RequestHead head = parser.request(bytes, to);
            return head == null ? -1 : head.length();
        }

        @Override
        public long begin() {
            return MessageDecoder.CHUNKED;
        }

        @Override
        public void body(ByteBuf part) {
            bytes += part.readableBytes();
            part.release();
        }

        @Override
        public void end(Fields trailers) {}
    }
}
