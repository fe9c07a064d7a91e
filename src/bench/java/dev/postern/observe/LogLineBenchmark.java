package dev.postern.observe;

import dev.postern.http.exchange.ExchangeRecord;
import dev.postern.http.exchange.Samples;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A line of the access log. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LogLineBenchmark {
    private final JsonFormat json = new JsonFormat(InstantSource.system(), true);
    private final LineBuffer line = new LineBuffer();
    private ExchangeRecord ended;

    @Setup
    public void setUp() throws Exception {
        ended = Samples.ended();
    }

    @Benchmark
    public int writeJson() {
        line.clear();
        json.write(ended, line);
        return line.length();
    }
}
