package dev.postern.http.exchange;

import dev.postern.config.Variable;
import dev.postern.http.message.HeadWriter;
import dev.postern.http.message.RequestHead;
import dev.postern.route.Route;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The head that a server is sent. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RequestWriterBenchmark {
    private final HeadWriter writer = new HeadWriter();
    private OutgoingRequest request;

    @Setup
    public void setUp() throws Exception {
        RequestHead head = Samples.request();
        request = new Outgoing(
                head,
                Samples.client(),
                Objects.requireNonNull(Samples.routes().site("shop.example.com"))
                        .match(head));
    }

    @Benchmark
    public HeadWriter writeRequest() {
        return RequestWriter.compose(writer, request);
    }

    private record Outgoing(RequestHead request, Client client, Requester requester, Route route)
            implements OutgoingRequest {
        Outgoing(RequestHead request, Client client, Route route) {
            this(request, client, new Requester(client, request), route);
        }

        @Override
        public String id() {
            return "bench-1";
        }

        @Override
        public String sentHost() {
            return null;
        }

        @Override
        public String variable(Variable variable) {
            return "";
        }

        @Override
        public Set<dev.postern.config.Tolerance> tolerated() {
            return Set.of();
        }

        @Override
        public void leavesOut(int fields) {}
    }
}
