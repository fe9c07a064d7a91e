package dev.postern.http.h1;

import dev.postern.http.exchange.Samples;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.ResponseHead;
import dev.postern.route.FieldEdits;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The head that a client of HTTP/1.1 gets, written to a channel that leads nowhere, which costs something as well. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ResponseWriterBenchmark {
    /** Longer than what waits for its body. */
    private static final int BODY = 100_000;

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final ResponseWriter writer = new ResponseWriter(channel, new HeadWriter());
    private final byte[] date = Samples.heads().date();
    private ResponseHead response;

    @Setup
    public void setUp() throws Exception {
        byte[] bytes = Samples.bytes(Samples.RESPONSE);
        response = Samples.parser().response(bytes, bytes.length, Set.of());
    }

    @Benchmark
    public int writeResponse() {
        writer.head(response, BODY, date, true, FieldEdits.NONE);
        channel.flushOutbound();
        ByteBuf head = channel.readOutbound();
        int length = head.readableBytes();
        head.release();
        return length;
    }
}
