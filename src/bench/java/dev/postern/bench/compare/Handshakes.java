package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/** New connections, each with a request, many at a time. */
record Handshakes(String key, String title, Door door, boolean isResumed) implements Row {
    private static final Figure CPU = Figure.main("CPU per connection", "µs");
    private static final Figure RATE = Figure.beside("connections per second of its core", "/s");

    /** Less than anybody's accept queue. */
    private static final int AT_ONCE = 100;

    private static final int CLIENTS = 4;

    private static final Executor THREADS = Executors.newFixedThreadPool(CLIENTS, run -> {
        Thread thread = new Thread(run, "client");
        thread.setDaemon(true);
        return thread;
    });

    @Override
    public boolean isFor(Peer peer) {
        return peer.doors().contains(door);
    }

    @Override
    public void warmUp(Peer peer, Bench bench) {
        if (!peer.isWarmedUp() && bench.amount().isFull()) {
            connect(bench.running(peer), bench, bench.amount().connections() * 4);
        }
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        Running running = bench.running(peer);
        int connections = bench.amount().connections();
        double before = running.usage().cpuSeconds();
        connect(running, bench, connections);
        double each = (running.usage().cpuSeconds() - before) / connections;
        Map<Figure, Double> sample = new LinkedHashMap<>();
        sample.put(CPU, each * 1e6);
        sample.put(RATE, each == 0 ? 0 : 1 / each);
        return sample;
    }

    private void connect(Running running, Bench bench, int count) {
        if (isResumed) {
            resume(running, count);
            return;
        }
        for (int made = 0; made < count; made += AT_ONCE) {
            String connections = String.valueOf(Math.min(AT_ONCE, count - made));
            Load.h2load(
                    bench.cores(),
                    running.port(door),
                    door,
                    "/small",
                    Origin.SMALL,
                    List.of("--h1", "-n", connections, "-c", connections));
        }
    }

    /** h2load resumes nothing; the JDK does. Each client has tickets of its own, and a first handshake that is a full one. */
    private void resume(Running running, int count) {
        AtomicInteger full = new AtomicInteger();
        List<CompletableFuture<Void>> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            SSLContext context = Client.trusting(full::incrementAndGet);
            clients.add(CompletableFuture.runAsync(
                    () -> {
                        for (int j = 0; j < count / CLIENTS; j++) {
                            ask(context, running);
                        }
                    },
                    THREADS));
        }
        clients.forEach(CompletableFuture::join);
        if (full.get() != CLIENTS) {
            throw new Failed("%s: %d of %d handshakes resumed nothing"
                    .formatted(running.peer().name(), full.get(), count));
        }
    }

    private void ask(SSLContext context, Running running) {
        try (Client client = Client.open(context, running.port(door), door)) {
            client.getSmall(running.peer());
        } catch (IOException e) {
            throw new UncheckedIOException(running.peer().name(), e);
        }
    }
}
