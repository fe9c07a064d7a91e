package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/** New connections, each with a request: the client, which costs more than any server, goes as fast as it can. */
record Handshakes(String key, String title, boolean isResumed) implements Row {
    private static final Figure CPU = Figure.main("CPU per connection", "µs");

    @Override
    public boolean isFor(Peer peer) {
        return peer.doors().contains(Door.WEB);
    }

    @Override
    public void warmUp(Peer peer, Bench bench) {
        if (!peer.isWarmedUp() && bench.amount().warmUpSeconds() > 0) {
            connect(bench.running(peer), bench.amount().connections() * 4);
        }
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        Running running = bench.running(peer);
        int connections = bench.amount().connections();
        if (isResumed) {
            // The first one has nothing to resume.
            connect(running, 1);
        }
        double before = running.usage().cpuSeconds();
        connect(running, connections);
        Map<Figure, Double> sample = new LinkedHashMap<>();
        sample.put(CPU, (running.usage().cpuSeconds() - before) / connections * 1e6);
        return sample;
    }

    private void connect(Running running, int count) {
        AtomicInteger full = new AtomicInteger();
        SSLContext context = Client.trusting(full::incrementAndGet);
        int port = running.port(Door.WEB);
        try {
            for (int i = 0; i < count; i++) {
                if (!isResumed) {
                    context = Client.trusting(full::incrementAndGet);
                }
                try (Client client = Client.tls(context, port, Door.WEB.host(), false)) {
                    if (client.get("/small") != Origin.SMALL) {
                        throw new Failed(running.peer().name() + ": a wrong answer");
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(running.peer().name(), e);
        }
        if (full.get() != (isResumed ? 1 : count)) {
            throw new Failed("%s: %d of %d handshakes were full ones"
                    .formatted(running.peer().name(), full.get(), count));
        }
    }
}
