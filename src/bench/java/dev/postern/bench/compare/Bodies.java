package dev.postern.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Large bodies, one after the other on one connection. */
record Bodies(String key, String title, Door door, boolean isH2, boolean isUpload) implements Row {
    private static final Figure CPU = Figure.main("CPU per GB", "s");

    @Override
    public boolean isFor(Peer peer) {
        return peer.doors().contains(door) && !(isH2 && peer instanceof HaproxyTcp);
    }

    @Override
    public void warmUp(Peer peer, Bench bench) {
        if (!peer.isWarmedUp() && bench.amount().isFull()) {
            load(bench.running(peer), bench, 3 * bench.amount().bodies());
        }
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        Running running = bench.running(peer);
        int bodies = bench.amount().bodies();
        double before = running.usage().cpuSeconds();
        load(running, bench, bodies);
        double cpu = running.usage().cpuSeconds() - before;
        Map<Figure, Double> sample = new LinkedHashMap<>();
        sample.put(CPU, cpu / bodies / bench.amount().bodyBytes() * 1e9);
        return sample;
    }

    private void load(Running running, Bench bench, int bodies) {
        List<String> options = new ArrayList<>(List.of("-n", String.valueOf(bodies), "-c", "1", "-m", "1"));
        if (!isH2) {
            options.add("--h1");
        }
        long bytes = bench.amount().bodyBytes();
        if (isUpload) {
            // Answered 200 only where all has come.
            options.addAll(List.of("-d", bench.origin().body().toString()));
            Load.h2load(bench.cores(), running.port(door), door, "/upload/" + bytes, 0, options);
        } else {
            Load.h2load(bench.cores(), running.port(door), door, "/body", bytes, options);
        }
    }
}
