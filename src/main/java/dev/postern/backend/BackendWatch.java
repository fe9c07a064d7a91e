package dev.postern.backend;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.random.RandomGenerator;

/** Keeps what is known of the servers of all backends up to date: where they are, and how. */
public final class BackendWatch implements AutoCloseable {
    private final HealthChecks checks;

    private BackendWatch(HealthChecks checks) {
        this.checks = checks;
    }

    /**
     * Resolves the names of all servers once, on the calling thread, and goes on in the background.
     *
     * @param loop where the checks run
     * @param background where names are resolved, which blocks
     */
    public static BackendWatch start(
            List<Backend> backends,
            EventLoop loop,
            Class<? extends Channel> channelType,
            Duration connectTimeout,
            ScheduledExecutorService background,
            RandomGenerator random) {
        List<Server> servers =
                backends.stream().flatMap(backend -> backend.servers().stream()).toList();
        new Addresses(InetAddress::getByName).keepFresh(servers, background);
        HealthChecks checks = new HealthChecks(loop, channelType, connectTimeout, random);
        backends.forEach(checks::watch);
        return new BackendWatch(checks);
    }

    @Override
    public void close() {
        checks.close();
    }
}
