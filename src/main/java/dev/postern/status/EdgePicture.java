package dev.postern.status;

import dev.postern.certificate.care.CertificateStatus;
import dev.postern.observe.Count;
import dev.postern.observe.Gauges.Connections;
import dev.postern.observe.Traffic;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * How the edge stands at one instant. Immutable.
 *
 * @param counted whether requests are counted: where there is no admin listener nobody could ask
 * @param listeners by name
 * @param traffic since the start
 * @param resumed handshakes that went on with a session of before
 * @param recent of the last seconds; null where nobody has asked a moment ago
 * @param certificates site by site, in the order of the configuration
 * @param backends in the order of their names
 * @param failures the last requests that failed through no fault of their clients, the newest first
 */
public record EdgePicture(
        Instant at,
        RunningEdge edge,
        boolean counted,
        Map<String, Connections> listeners,
        Traffic traffic,
        long resumed,
        @Nullable Recent recent,
        List<CertificateStatus> certificates,
        List<BackendPicture> backends,
        List<FailedRequest> failures) {
    private static final double NANOS_PER_SECOND = 1e9;

    /**
     * What came a moment ago.
     *
     * @param span how long it took to come
     */
    public record Recent(Duration span, Traffic traffic) {
        public double perSecond(Count count) {
            return count.all() * NANOS_PER_SECOND / span.toNanos();
        }
    }

    /** Requests a second of a site, a moment ago. */
    public OptionalDouble rate(String site) {
        return recent == null ? OptionalDouble.empty() : OptionalDouble.of(recent.perSecond(recent.traffic.site(site)));
    }

    /** Requests a second of all sites, a moment ago. */
    public OptionalDouble rate() {
        return recent == null
                ? OptionalDouble.empty()
                : OptionalDouble.of(recent.traffic.sites().values().stream()
                        .mapToDouble(recent::perSecond)
                        .sum());
    }
}
