package dev.postern.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** As many requests as a peer answers in a while. */
record Requests(String key, String title, Door door, boolean isH2, int connections, int streams, Ask ask)
        implements Row {
    static final Figure CPU = Figure.main("CPU per request", "µs");
    static final Figure RATE = Figure.beside("requests/s", "/s");
    static final Figure BUSY = Figure.beside("its core was busy", "%");

    private static final int PROBE = 500;

    /** Times what it is to take. */
    private static final int LONGEST_WARM_UP = 4;

    /** What is asked for. */
    enum Ask {
        SMALL,
        PAGE,
        MIX
    }

    @Override
    public boolean isFor(Peer peer) {
        return peer.doors().contains(door) && !(isH2 && peer instanceof HaproxyTcp);
    }

    @Override
    public void warmUp(Peer peer, Bench bench) {
        if (!peer.isWarmedUp() && bench.amount().isFull()) {
            Running running = bench.running(peer);
            // In pieces: how many a second it will do it does not know yet. Of its own time: on a busy machine it has
            // less.
            double end = running.usage().cpuSeconds() + bench.amount().warmUpSeconds();
            long latest =
                    System.nanoTime() + (long) (LONGEST_WARM_UP * bench.amount().warmUpSeconds() * 1e9);
            while (running.usage().cpuSeconds() < end && System.nanoTime() < latest) {
                loadFor(running, bench, 1);
            }
        }
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        Running running = bench.running(peer);
        long count = count(running, bench, bench.amount().seconds());
        double before = running.usage().cpuSeconds();
        Load load = load(running, bench, count);
        double cpu = running.usage().cpuSeconds() - before;
        Map<Figure, Double> sample = new LinkedHashMap<>();
        sample.put(CPU, cpu / load.requests() * 1e6);
        sample.put(RATE, load.requests() / load.seconds());
        sample.put(BUSY, cpu / load.seconds() * 100);
        return sample;
    }

    void loadFor(Running running, Bench bench, double seconds) {
        load(running, bench, count(running, bench, seconds));
    }

    /** How many will take about so long: h2load counts better than it looks at the clock, which it may miss for ever. */
    private long count(Running running, Bench bench, double seconds) {
        // Of a mix everybody asks for all.
        long unit = ask == Ask.MIX ? (long) Origin.URIS * connections : 1;
        long few = ask == Ask.MIX ? unit : Math.max(PROBE, 2L * connections * streams);
        long count = few;
        // Twice: the first one is mostly about connecting.
        for (double lasting : new double[] {Math.min(seconds, 0.3), seconds}) {
            Load probe = load(running, bench, count);
            count = Math.max(few, Math.round(probe.requests() / probe.seconds() * lasting));
            count = (count + unit - 1) / unit * unit;
        }
        return count;
    }

    private Load load(Running running, Bench bench, long count) {
        List<String> options = new ArrayList<>(
                List.of("-n", String.valueOf(count), "-c", String.valueOf(connections), "-m", String.valueOf(streams)));
        if (!isH2) {
            options.add("--h1");
        }
        String path = "/small";
        double length = Origin.SMALL;
        if (ask == Ask.PAGE) {
            path = "/page.html";
            length = Origin.PAGE;
            options.addAll(headers());
        } else if (ask == Ask.MIX) {
            options.addAll(List.of("-i", bench.origin().mix().toString()));
            length = bench.origin().bytesOfMix();
        }
        return Load.h2load(bench.cores(), running.port(door), door, path, length, options);
    }

    /** With the ones that h2load sends by itself, twenty, as a browser does. */
    private static List<String> headers() {
        return List.of(
                "-H", "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "-H", "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
                "-H", "Accept-Language: en-GB,en;q=0.5",
                "-H", "Accept-Encoding: identity",
                "-H", "Referer: https://localhost/shop/items?page=3&sort=price",
                "-H", "Cookie: session=5f1c9a7e2b3d4c60a1e8f7b6c5d4e3f2; theme=dark; consent=yes; cart=c0ffee-12",
                "-H", "Upgrade-Insecure-Requests: 1",
                "-H", "Sec-Fetch-Dest: document",
                "-H", "Sec-Fetch-Mode: navigate",
                "-H", "Sec-Fetch-Site: same-origin",
                "-H", "Sec-Fetch-User: ?1",
                "-H", "Priority: u=0, i",
                "-H", "Cache-Control: max-age=0",
                "-H", "DNT: 1",
                "-H", "Sec-GPC: 1",
                "-H", "X-Requested-With: XMLHttpRequest",
                "-H", "Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJiZW5jaCJ9.c2lnbmF0dXJlLW9mLWEtdG9rZW4",
                "-H", "Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    }
}
