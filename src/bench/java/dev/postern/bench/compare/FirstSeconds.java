package dev.postern.bench.compare;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How fast a fresh one is, from its first answer on, under HTTP/2: what has to be compiled first takes its time. */
final class FirstSeconds implements Row {
    private static final List<Integer> OF_INTEREST = List.of(1, 2, 3, 10);

    @Override
    public String key() {
        return "first-seconds";
    }

    @Override
    public String title() {
        return "HTTP/2 after the start, of the best rate";
    }

    @Override
    public boolean isFor(Peer peer) {
        return !(peer instanceof HaproxyTcp);
    }

    @Override
    public int rounds(Amount amount) {
        return Math.min(amount.rounds(), 3);
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        List<Long> counts = new ArrayList<>();
        try (Running running = bench.startNew(peer, List.of(), true).awaitAnswers()) {
            // More than anybody does in that time; the origin counts.
            Process load = bench.programs()
                    .start(
                            bench.folder(),
                            bench.cores()
                                    .others(List.of(
                                            "h2load",
                                            "--connect-to=127.0.0.1:" + running.port(Door.WEB),
                                            "-n",
                                            "100000000",
                                            "-c",
                                            "16",
                                            "-m",
                                            "32",
                                            "https://localhost:" + running.port(Door.WEB) + "/small")),
                            Map.of());
            try {
                long start = System.nanoTime();
                long before = bench.origin().answered();
                for (int second = 1; second <= bench.amount().secondsAfterStart(); second++) {
                    Wait.sleep(Math.max(0, second * 1000L - (System.nanoTime() - start) / 1_000_000));
                    long now = bench.origin().answered();
                    counts.add(now - before);
                    before = now;
                }
            } finally {
                bench.programs().end(load);
            }
        }
        double best = Collections.max(counts);
        Map<Figure, Double> sample = new LinkedHashMap<>();
        for (int second : OF_INTEREST) {
            if (second <= counts.size()) {
                sample.put(Figure.main("second " + second, "%"), counts.get(second - 1) / best * 100);
            }
        }
        sample.put(Figure.beside("the best rate", "/s"), best);
        return sample;
    }
}
