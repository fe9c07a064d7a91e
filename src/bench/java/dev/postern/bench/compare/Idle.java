package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;

/**
 * What a connection costs that was used and is kept: by how much the resident memory grows when as many come as there are
 * already. After a collection where there is a collector.
 */
record Idle(String key, String title, boolean isH2) implements Row {
    private static final int REQUESTS = 10;

    @Override
    public boolean isFor(Peer peer) {
        return peer.doors().contains(Door.WEB) && !(isH2 && peer instanceof HaproxyTcp);
    }

    @Override
    public int rounds(Amount amount) {
        return Math.min(amount.rounds(), 3);
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        int count = bench.amount().connections();
        List<Client> clients = new ArrayList<>();
        try (Running running = bench.startNew(peer, List.of(), true).awaitAnswers()) {
            open(running, count, clients);
            double before = resident(running, bench);
            open(running, count, clients);
            double after = resident(running, bench);
            Map<Figure, Double> sample = new LinkedHashMap<>();
            sample.put(Figure.main("resident memory", "kB"), (after - before) * 1024 / count);
            return sample;
        } finally {
            for (Client client : clients) {
                try {
                    client.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private static double resident(Running running, Bench bench) {
        bench.amount().settle(1000);
        running.tidy();
        return running.usage().residentMegabytes();
    }

    private void open(Running running, int count, List<Client> clients) {
        SSLContext context = Client.trusting(() -> {});
        try {
            for (int i = 0; i < count; i++) {
                Client client = Client.tls(context, running.port(Door.WEB), Door.WEB.host(), isH2);
                clients.add(client);
                for (int j = 0; j < REQUESTS; j++) {
                    client.getSmall(running.peer());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(running.peer().name(), e);
        }
    }
}
