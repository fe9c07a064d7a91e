package dev.postern.backend;

import dev.postern.config.Configuration;
import dev.postern.disk.WatchedFile;
import dev.postern.machine.MachineErrors;
import dev.postern.wire.SocketTypes;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DatagramChannel;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps what is known of the servers of all backends up to date: where they are, and how. */
public final class BackendWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BackendWatch.class);

    /** How late the end of an ejection, or a step of a slow start, may be. */
    private static final long TICK_MILLIS = 100;

    /** How late it may be seen that this host has other names, or other DNS servers. */
    private static final long FILES_SECONDS = 1;

    /** As soon as a replaced file of a site is noticed. */
    private static final long TLS_SECONDS = 5;

    /** Certificates end in days. */
    private static final long ENDS_SECONDS = 60;

    /**
     * What this host gives to look names up with.
     *
     * @param resolvConf where DNS servers come from that the configuration does not name
     * @param budget which counts the connections of health checks
     */
    public record Surroundings(
            EventLoop loop,
            SocketTypes connections,
            Class<? extends DatagramChannel> datagrams,
            Path hosts,
            Path resolvConf,
            ServerBudget budget) {
        /** The files where every system has them. */
        public Surroundings(
                EventLoop loop,
                SocketTypes connections,
                Class<? extends DatagramChannel> datagrams,
                ServerBudget budget) {
            this(loop, connections, datagrams, Path.of("/etc/hosts"), Path.of("/etc/resolv.conf"), budget);
        }
    }

    private final Surroundings surroundings;
    private final InstantSource clock;
    private final HostsFile hosts;
    private final WatchedFile resolvConf;
    private final Names names;
    private final HealthChecks checks;
    // Replaced by a reload; read by any thread.
    private volatile List<InetSocketAddress> resolvers;
    private volatile List<Backend> followed = List.of();
    private volatile Duration connectTimeout = Duration.ofSeconds(3);

    private BackendWatch(
            Surroundings surroundings, List<InetSocketAddress> resolvers, InstantSource clock, RandomGenerator random) {
        this.surroundings = surroundings;
        this.clock = clock;
        this.resolvers = resolvers;
        this.hosts = new HostsFile(surroundings.hosts());
        this.resolvConf = new WatchedFile(surroundings.resolvConf());
        boolean unused = resolvConf.hasChanged();
        this.names = new Names(surroundings.loop(), hosts, resolver(resolvers), Names.ofThisHost(), this::moved);
        this.checks = new HealthChecks(surroundings.loop(), surroundings.connections(), random, surroundings.budget());
    }

    /**
     * Watches nothing yet.
     *
     * @param resolvers DNS servers; none for those of the system
     * @param background where files are looked at, which blocks
     * @param clock by which certificates of servers end, and what operators say of servers until then
     */
    public static BackendWatch start(
            Surroundings surroundings,
            List<InetSocketAddress> resolvers,
            ScheduledExecutorService background,
            InstantSource clock,
            RandomGenerator random) {
        BackendWatch watch = new BackendWatch(surroundings, resolvers, clock, random);
        var unusedFiles =
                background.scheduleWithFixedDelay(watch::lookAtFiles, FILES_SECONDS, FILES_SECONDS, TimeUnit.SECONDS);
        TlsFiles tls = new TlsFiles();
        var unusedTls = background.scheduleWithFixedDelay(
                () -> tls.look(watch.followed), TLS_SECONDS, TLS_SECONDS, TimeUnit.SECONDS);
        EndingCertificates ending = new EndingCertificates(clock);
        var unusedEnds = background.scheduleWithFixedDelay(
                () -> ending.look(watch.followed), ENDS_SECONDS, ENDS_SECONDS, TimeUnit.SECONDS);
        var unusedTicks = surroundings
                .loop()
                .scheduleWithFixedDelay(watch::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
        return watch;
    }

    private Resolver resolver(List<InetSocketAddress> servers) {
        return new DnsResolver(
                surroundings.loop(),
                surroundings.datagrams(),
                surroundings.connections().tcp(),
                servers.isEmpty() ? ResolvConf.read(resolvConf.path()) : ResolvConf.of(servers));
    }

    /** A backend whose names are looked up; to be {@linkplain #follow followed}. */
    public Backend backend(Configuration.Backend config) {
        return new Backend(config, names::of, surroundings.loop().ticker()::nanoTime);
    }

    /** Asks for the names of servers that are about to be used, for a while; not on the event loop. */
    public void resolve(Collection<Configuration.Backend> wanted) {
        names.resolve(wanted.stream()
                .flatMap(backend -> backend.servers().stream())
                .map(server -> names.of(server.host()))
                .toList());
    }

    /**
     * Watches the servers that these have, and no others; goes on with those it watches already. Called by one thread at a
     * time.
     *
     * @param asked DNS servers, as for {@link #start}
     */
    public void follow(Collection<Backend> backends, List<InetSocketAddress> asked, Duration timeout) {
        connectTimeout = timeout;
        followed = List.copyOf(backends);
        if (!asked.equals(resolvers)) {
            resolvers = asked;
            names.resolver(resolver(asked));
        }
        names.follow(backends.stream().flatMap(Backend::names).toList());
        // What has moved since they were made, nobody has heard of.
        backends.forEach(Backend::moved);
        checks.follow(backends, timeout);
    }

    /** On the event loop. */
    private void moved(Name name) {
        boolean others = false;
        for (Backend backend : followed) {
            if (backend.names().anyMatch(name::equals)) {
                others |= backend.moved();
            }
        }
        if (others) {
            checks.follow(followed, connectTimeout);
        }
    }

    private void lookAtFiles() {
        try {
            boolean others = hosts.refresh();
            if (resolvConf.hasChanged() && resolvers.isEmpty()) {
                LOG.info("{}: has changed", resolvConf.path());
                names.resolver(resolver(resolvers));
            } else if (others) {
                LOG.info("{}: has changed", surroundings.hosts());
                names.askAnew();
            }
        } catch (RuntimeException | Error e) {
            MachineErrors.check(e);
            // Whatever it was: a schedule that throws is never run again.
            LOG.error("hosts and resolv.conf: bug", e);
        }
    }

    private void tick() {
        Instant now = clock.instant();
        for (Backend backend : followed) {
            try {
                backend.endOverrides(now);
                backend.tick();
            } catch (RuntimeException | Error e) {
                // Whatever it was: a schedule that throws is never run again.
                MachineErrors.check(e);
                LOG.error("backend {}: bug", backend.name(), e);
            }
        }
    }

    @Override
    public void close() {
        names.close();
        checks.close();
    }
}
