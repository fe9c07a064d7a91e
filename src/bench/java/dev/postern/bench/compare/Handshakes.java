package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/** New connections, each with a request: the client, which costs more than any server, goes as fast as it can. */
record Handshakes(String key, String title, Door door, boolean isResumed) implements Row {
    private static final Figure CPU = Figure.main("CPU per connection", "µs");
    private static final Figure RATE = Figure.beside("connections per second of its core", "/s");

    @Override
    public boolean isFor(Peer peer) {
        return peer.doors().contains(door);
    }

    @Override
    public void warmUp(Peer peer, Bench bench) {
        if (!peer.isWarmedUp() && bench.amount().isFull()) {
            connect(bench.running(peer), bench.amount().connections() * 4);
        }
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        Running running = bench.running(peer);
        int connections = bench.amount().connections();
        double before = running.usage().cpuSeconds();
        connect(running, connections);
        double each = (running.usage().cpuSeconds() - before) / connections;
        Map<Figure, Double> sample = new LinkedHashMap<>();
        sample.put(CPU, each * 1e6);
        sample.put(RATE, each == 0 ? 0 : 1 / each);
        return sample;
    }

    private void connect(Running running, int count) {
        AtomicInteger full = new AtomicInteger();
        SSLContext context = Client.trusting(full::incrementAndGet);
        try {
            for (int i = 0; i < count; i++) {
                if (!isResumed) {
                    // One that remembers no session.
                    context = Client.trusting(full::incrementAndGet);
                }
                try (Client client = Client.open(context, running.port(door), door)) {
                    client.getSmall(running.peer());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(running.peer().name(), e);
        }
        // The first one has nothing to resume.
        int expected = !door.isTls() ? 0 : isResumed ? 1 : count;
        if (full.get() != expected) {
            throw new Failed("%s: %d of %d handshakes were full ones, not %d"
                    .formatted(running.peer().name(), full.get(), count, expected));
        }
    }
}
