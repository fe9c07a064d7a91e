package dev.postern.backend;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;

/** Keeps what is known of the servers of all backends up to date: where they are, and how. */
public final class BackendWatch implements AutoCloseable {
    private final Addresses addresses;
    private final HealthChecks checks;

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
        return new BackendWatch(addresses, new HealthChecks(loop, channelType, random));
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
        checks.follow(backends, connectTimeout);
    }

    @Override
    public void close() {
        checks.close();
    }
}
