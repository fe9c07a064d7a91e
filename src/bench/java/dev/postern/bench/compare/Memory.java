package dev.postern.bench.compare;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What a fresh one takes, with nothing to do, with as much as it can do, and when that is over. */
final class Memory implements Row {
    private static final int SECONDS_OF_LOAD = 8;
    private static final int SECONDS_AFTER = 10;

    @Override
    public String key() {
        return "memory";
    }

    @Override
    public String title() {
        return "resident memory";
    }

    @Override
    public boolean isFor(Peer peer) {
        return peer.doors().contains(Door.WEB);
    }

    @Override
    public int rounds(Amount amount) {
        return Math.min(amount.rounds(), 3);
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        Requests load = new Requests("", "", Door.WEB, false, 32, 1, Requests.Ask.SMALL);
        try (Running running = bench.startNew(peer, List.of(), true).awaitAnswers()) {
            bench.amount().settle(3000);
            Map<Figure, Double> sample = new LinkedHashMap<>();
            sample.put(Figure.main("idle", "MB"), running.usage().residentMegabytes());
            CompletableFuture<Void> loading = CompletableFuture.runAsync(
                    () -> load.loadFor(running, bench, bench.amount().isFull() ? SECONDS_OF_LOAD : 0.1));
            double most = 0;
            do {
                most = Math.max(most, running.usage().residentMegabytes());
                Wait.sleep(100);
            } while (!loading.isDone());
            loading.join();
            sample.put(Figure.main("under the load of HTTP/1.1, at most", "MB"), most);
            bench.amount().settle(SECONDS_AFTER * 1000L);
            sample.put(
                    Figure.main(SECONDS_AFTER + " s after it", "MB"),
                    running.usage().residentMegabytes());
            return sample;
        }
    }
}
