package dev.postern.observe;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.care.CertificateStatus;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmBufferPoolMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmRuntimeInfoMetric;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Everything there is to measure, as Prometheus reads it. Nothing is computed before somebody asks: event loops count,
 * each for itself, and what is asked for is put together here, on the thread of whoever asks.
 */
public final class Metrics {
    private final TrafficMetrics traffic;
    private final StateMetrics state;

    @GuardedBy("this") private @Nullable PrometheusRegistry registry;

    /** The library, which most never ask for, and which would be a part of each start. */
    private static final class Writer {
        static final PrometheusTextFormatWriter TEXT =
                PrometheusTextFormatWriter.builder().build();
        static final OpenMetricsTextFormatWriter OPEN =
                OpenMetricsTextFormatWriter.builder().build();

        static ExpositionFormatWriter of(boolean open) {
            return open ? OPEN : TEXT;
        }
    }

    /**
     * @param loops one for each event loop
     * @param log the access logs there are
     * @param traces null where nobody traces
     */
    public Metrics(
            List<LoopObserver> loops,
            Handshakes handshakes,
            Gauges gauges,
            Supplier<AccessLogs> log,
            Supplier<@Nullable Traces> traces,
            InstantSource clock) {
        this.traffic = new TrafficMetrics(loops);
        this.state = new StateMetrics(handshakes, gauges, log, traces, clock);
    }

    private synchronized PrometheusRegistry registry() {
        PrometheusRegistry made = registry;
        if (made == null) {
            made = made();
            registry = made;
        }
        return made;
    }

    private PrometheusRegistry made() {
        PrometheusRegistry all = new PrometheusRegistry();
        all.register(traffic);
        all.register(state);
        JvmMemoryMetrics.builder().register(all);
        JvmGarbageCollectorMetrics.builder().register(all);
        JvmBufferPoolMetrics.builder().register(all);
        JvmRuntimeInfoMetric.builder().register(all);
        ProcessMetrics.builder().register(all);
        return all;
    }

    /** The sites whose certificates should have been renewed long ago, or that have none. */
    public static List<String> overdue(List<CertificateStatus> certificates, Instant now) {
        return certificates.stream()
                .filter(status -> StateMetrics.isOverdue(status.begins(), status.ends(), now))
                .map(CertificateStatus::site)
                .toList();
    }

    /** Whether whoever asks takes OpenMetrics, which has exemplars. */
    public static boolean isOpen(String accept) {
        return accept.contains("application/openmetrics-text");
    }

    /** What {@link #text} is. */
    public String contentType(boolean open) {
        return Writer.of(open).getContentType();
    }

    /** All of it. Takes milliseconds, more with thousands of sites; not for an event loop. */
    public byte[] text(boolean open) {
        ByteArrayOutputStream text = new ByteArrayOutputStream(64 * 1024);
        try {
            Writer.of(open).write(text, registry().scrape(), EscapingScheme.DEFAULT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toByteArray();
    }
}
