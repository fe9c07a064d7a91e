package dev.postern.bench.compare;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** From the command line to the first answer, on all cores; the last one of the sites is asked for. */
final class Start implements Row {
    private static final long PAUSE_MILLIS = 2;

    private final int count;
    private List<Certificates.Files3> sites = List.of();

    Start(int count) {
        this.count = count;
    }

    @Override
    public String key() {
        return "start-" + count;
    }

    @Override
    public String title() {
        return "start to first answer, %d sites".formatted(count);
    }

    @Override
    public boolean isFor(Peer peer) {
        return !(peer instanceof HaproxyTcp);
    }

    @Override
    public int rounds(Amount amount) {
        return count > 1000 ? Math.min(amount.rounds(), 3) : amount.rounds();
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        if (sites.isEmpty()) {
            sites = bench.certificates().sites(bench.folder().resolve("sites-" + count), count);
        }
        Setup setup = bench.configured(peer, sites);
        String last = sites.get(sites.size() - 1).name();
        long start = System.nanoTime();
        try (Running running = bench.start(peer, setup, false)) {
            Wait.until(
                    peer.name() + ": the first answer",
                    PAUSE_MILLIS,
                    () -> running.orFail() && Client.isAnswering(setup.port(Door.WEB), last, true));
            double seconds = (System.nanoTime() - start) / 1e9;
            Map<Figure, Double> sample = new LinkedHashMap<>();
            sample.put(Figure.main("", "s"), seconds);
            sample.put(Figure.beside("CPU until then", "s"), running.usage().cpuSeconds());
            return sample;
        }
    }
}
