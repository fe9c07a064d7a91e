package dev.postern.app;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.postern.listener.ConnectionLimit;
import dev.postern.observe.EndedExchange;
import dev.postern.observe.Gauges;
import dev.postern.observe.LoopObserver;
import dev.postern.observe.Traffic;
import dev.postern.status.EdgePictures;
import dev.postern.status.LastReload;
import dev.postern.status.RunningEdge;
import dev.postern.status.RunningEdge.Use;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What there is to be told of the edge. Any thread but an event loop.
 *
 * @param since when it started
 * @param lastReload of null where there was none
 */
record PictureSubject(
        Gauges gauges,
        ConnectionLimit limit,
        Observation observation,
        int loops,
        Instant since,
        AtomicReference<@Nullable LastReload> lastReload)
        implements EdgePictures.Subject {
    @Override
    public RunningEdge edge() {
        Runtime jvm = Runtime.getRuntime();
        long open = ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getOpenFileDescriptorCount()
                : 0;
        return new RunningEdge(
                since,
                Versions.own(),
                Versions.all(),
                loops,
                new Use(jvm.totalMemory() - jvm.freeMemory(), jvm.maxMemory()),
                new Use(gauges.directMemory(), PlatformDependent.maxDirectMemory()),
                new Use(open, Descriptors.max()),
                new Use(limit.open(), limit.max()),
                new Use(gauges.servers().open(), gauges.servers().max()),
                lastReload.get());
    }

    @Override
    public boolean counts() {
        return observation.counts();
    }

    @Override
    public Traffic traffic() {
        return observation.traffic();
    }

    @Override
    public List<EndedExchange> failures() {
        return observation.ended(LoopObserver::failed);
    }

    @Override
    public List<List<EndedExchange>> recent() {
        return observation.endedByLoop(LoopObserver::recent);
    }
}
