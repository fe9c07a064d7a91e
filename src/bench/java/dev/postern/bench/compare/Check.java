package dev.postern.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The command that looks whether a configuration is right, on all cores. */
final class Check implements Row {
    private static final int SITES = 10;

    private List<Certificates.Files3> sites = List.of();

    @Override
    public String key() {
        return "check";
    }

    @Override
    public String title() {
        return "checking a configuration of " + SITES + " sites";
    }

    @Override
    public boolean isFor(Peer peer) {
        return !(peer instanceof HaproxyTcp);
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        if (sites.isEmpty()) {
            sites = bench.certificates().sites(bench.folder().resolve("sites-to-check"), SITES);
        }
        List<String> command =
                new ArrayList<>(List.of("env", "-C", bench.folder().toString()));
        peer.environment().forEach((name, value) -> command.add(name + "=" + value));
        command.addAll(peer.check(bench.configured(peer, sites)));
        double before = Usage.cpuSecondsOfEnded();
        long start = System.nanoTime();
        Programs.run(bench.cores().all(command));
        Map<Figure, Double> sample = new LinkedHashMap<>();
        sample.put(Figure.main("", "s"), (System.nanoTime() - start) / 1e9);
        sample.put(Figure.beside("CPU", "s"), Usage.cpuSecondsOfEnded() - before);
        return sample;
    }
}
