package dev.postern.route;

import dev.postern.http.exchange.Samples;
import dev.postern.http.message.RequestHead;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Where a request goes: of a hundred sites one, of its ten routes one. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RouteBenchmark {
    private final RouteTable table = Samples.routes();
    private RequestHead request;

    @Setup
    public void setUp() throws Exception {
        request = Samples.request();
    }

    @Benchmark
    public Route find() {
        return table.site(request.host()).match(request);
    }
}
