package dev.postern.balance;

import dev.postern.backend.Server;
import dev.postern.http.exchange.Samples;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** One of eight servers. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PickBenchmark {
    private final RoundRobin roundRobin = new RoundRobin(Samples.servers(), Server::share, new AtomicInteger());
    private final LeastConnections leastConnections = new LeastConnections(Samples.servers(), new AtomicInteger());

    @Benchmark
    public Server roundRobin() {
        return roundRobin.select(Affinity.NONE, Set.of());
    }

    @Benchmark
    public Server leastConnections() {
        return leastConnections.select(Affinity.NONE, Set.of());
    }
}
