package dev.postern.bench.compare;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How long answers take where there is room: at half the rate that the slowest of the peers can do, the same for all. What waits
 * because its connection still waits for another answer is not counted from when it was due, which 64 connections make rare.
 */
final class Latency implements Row {
    private static final int CONNECTIONS = 64;
    private static final int PROBE = 2000;

    private double slowestPeak = Double.MAX_VALUE;

    @Override
    public String key() {
        return "latency";
    }

    @Override
    public String title() {
        return "HTTP/1.1 at half of the slowest one's rate";
    }

    @Override
    public boolean isFor(Peer peer) {
        return peer.doors().contains(Door.WEB);
    }

    @Override
    public void warmUp(Peer peer, Bench bench) {
        Running running = bench.running(peer);
        Load probe = load(running, bench, PROBE, List.of());
        double rate = probe.requests() / probe.seconds();
        if (bench.amount().isFull()) {
            double seconds = peer.isWarmedUp() ? 1 : bench.amount().warmUpSeconds();
            load(running, bench, Math.round(rate * seconds), List.of());
            Load again = load(running, bench, Math.round(rate), List.of());
            rate = again.requests() / again.seconds();
        }
        slowestPeak = Math.min(slowestPeak, rate);
    }

    @Override
    public Map<Figure, Double> measure(Peer peer, Bench bench) {
        double rate = slowestPeak / 2;
        Path log = bench.folder().resolve("latency.log");
        try {
            Files.deleteIfExists(log);
            load(
                    bench.running(peer),
                    bench,
                    Math.round(rate * bench.amount().seconds() * 2),
                    List.of("--rps=" + rate / CONNECTIONS, "--log-file=" + log));
            // When it began, the status, how long it took in microseconds.
            double[] micros = Files.readAllLines(log).stream()
                    .mapToDouble(line -> Double.parseDouble(line.split("\t")[2]))
                    .sorted()
                    .toArray();
            Map<Figure, Double> sample = new LinkedHashMap<>();
            sample.put(Figure.main("p50", "µs"), micros[micros.length / 2]);
            sample.put(Figure.main("p99", "µs"), micros[(int) (micros.length * 0.99)]);
            sample.put(Figure.main("p99.9", "µs"), micros[(int) (micros.length * 0.999)]);
            sample.put(Figure.beside("requests/s", "/s"), rate);
            return sample;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Load load(Running running, Bench bench, long count, List<String> more) {
        List<String> options = new java.util.ArrayList<>(more);
        options.addAll(
                List.of("--h1", "-c", String.valueOf(CONNECTIONS), "-n", String.valueOf(Math.max(count, PROBE))));
        return Load.h2load(bench.cores(), running.port(Door.WEB), Door.WEB, "/small", Origin.SMALL, options);
    }
}
