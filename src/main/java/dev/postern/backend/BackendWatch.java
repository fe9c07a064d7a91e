package dev.postern.backend;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what is known of the servers of all backends up to date: where they are, and how. */
public final class BackendWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(BackendWatch.class);

    private final Addresses addresses;
    /** How late the end of an ejection, or a step of a slow start, may be. */
    private static final long TICK_MILLIS = 100;

    private final HealthChecks checks;
    // Replaced by a reload; read on the loop.
    private volatile List<Backend> timed = List.of();

    private BackendWatch(Addresses addresses, HealthChecks checks) {
        this.addresses = addresses;
        this.checks = checks;
    }

    /**
     * Watches nothing yet.
     *
     * @param loop where the checks run
     * @param background where names are resolved, which blocks
     */
    public static BackendWatch start(
            EventLoop loop,
            Class<? extends Channel> channelType,
            ScheduledExecutorService background,
            RandomGenerator random) {
        Addresses addresses = new Addresses(InetAddress::getByName);
        addresses.start(background);
        BackendWatch watch = new BackendWatch(addresses, new HealthChecks(loop, channelType, random));
        var unused = loop.scheduleWithFixedDelay(watch::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        return watch;
    }

    /** Resolves the names of servers that are about to be used, on the calling thread. */
    public void resolve(Collection<Server> added) {
        addresses.resolve(added);
    }

    /**
     * Watches the servers that these have now, and no others; goes on with those it watches already. Called by one thread
     * at a time.
     */
    public void follow(Collection<Backend> backends, Duration connectTimeout) {
        List<Server> servers =
                backends.stream().flatMap(backend -> backend.servers().stream()).toList();
        addresses.follow(servers);
        timed = backends.stream().filter(Backend::isTimed).toList();
        checks.follow(backends, connectTimeout);
    }

    private void tick() {
        for (Backend backend : timed) {
            try {
                backend.tick();
            } catch (RuntimeException e) {
                // Whatever it was: a schedule that throws is never run again.
                log.error("backend {}: bug", backend.name(), e);
            }
        }
    }

    @Override
    public void close() {
        checks.close();
    }
}
