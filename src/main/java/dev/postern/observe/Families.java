package dev.postern.observe;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplar;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Metrics on their way to whoever asked: put in one by one, whatever their order. */
final class Families {
    private static final double MICROS_PER_SECOND = 1e6;

    private final Map<String, CounterSnapshot.Builder> counters = new LinkedHashMap<>();
    private final Map<String, GaugeSnapshot.Builder> gauges = new LinkedHashMap<>();
    private final Map<String, HistogramSnapshot.Builder> histograms = new LinkedHashMap<>();

    /** As {@link #counter(String, String, double, String...)}, for what is counted in whole numbers. */
    void counter(String name, String help, long value, String... labels) {
        counter(name, help, (double) value, labels);
    }

    void gauge(String name, String help, long value, String... labels) {
        gauge(name, help, (double) value, labels);
    }

    /** @param name without {@code _total} */
    void counter(String name, String help, double value, String... labels) {
        counters.computeIfAbsent(name, n -> CounterSnapshot.builder().name(n).help(help))
                .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                        .value(value)
                        .labels(Labels.of(labels))
                        .build());
    }

    void gauge(String name, String help, double value, String... labels) {
        gauges.computeIfAbsent(name, n -> GaugeSnapshot.builder().name(n).help(help))
                .dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder()
                        .value(value)
                        .labels(Labels.of(labels))
                        .build());
    }

    /** @param sums as {@link Counters} keeps them */
    void histogram(String name, String help, long[] sums, String... labels) {
        histogram(name, help, sums, List.of(), labels);
    }

    /** @param examples of what was counted */
    void histogram(String name, String help, long[] sums, List<Counters.Example> examples, String... labels) {
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        for (int i = 0; i < Counters.BOUNDS.length; i++) {
            buckets.bucket(Counters.BOUNDS[i] / MICROS_PER_SECOND, sums[Counters.BUCKETS + i]);
        }
        buckets.bucket(Double.POSITIVE_INFINITY, sums[Counters.BUCKETS + Counters.BOUNDS.length]);
        histograms
                .computeIfAbsent(name, n -> HistogramSnapshot.builder().name(n).help(help))
                .dataPoint(HistogramDataPointSnapshot.builder()
                        .classicHistogramBuckets(buckets.build())
                        .sum(sums[Counters.MICROS] / MICROS_PER_SECOND)
                        .exemplars(Exemplars.of(examples.stream()
                                .map(each -> Exemplar.builder()
                                        .value(each.micros() / MICROS_PER_SECOND)
                                        .traceId(each.traceId())
                                        .spanId(each.spanId())
                                        .build())
                                .toList()))
                        .labels(Labels.of(labels))
                        .build());
    }

    MetricSnapshots all() {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        counters.values().forEach(family -> all.metricSnapshot(family.build()));
        gauges.values().forEach(family -> all.metricSnapshot(family.build()));
        histograms.values().forEach(family -> all.metricSnapshot(family.build()));
        return all.build();
    }
}
