package dev.postern.backend;

import dev.postern.config.Configuration;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the addresses of servers that are given by name up to date. Asks the system's resolver, which blocks, on a
 * thread of its own; event loops only ever read the last answer. A name that stops resolving keeps its last address.
 */
final class Addresses {
    private static final Logger log = LoggerFactory.getLogger(Addresses.class);

    /** The JDK caches answers for 30 s; asking more often tells nothing new. */
    private static final int REFRESH_SECONDS = 30;

    /** Looks a host name up; blocks. */
    @FunctionalInterface
    interface Resolver {
        InetAddress resolve(String host) throws UnknownHostException;
    }

    private final Resolver resolver;
    // Replaced by a reload; read by the thread that asks.
    private volatile List<Server> named = List.of();

    Addresses(Resolver resolver) {
        this.resolver = resolver;
    }

    static InetSocketAddress literal(Configuration.Server server) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(server.host());
        try {
            return bytes == null
                    ? InetSocketAddress.createUnresolved(server.host(), server.port())
                    : new InetSocketAddress(InetAddress.getByAddress(bytes), server.port());
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Begins to ask in the background for those it is told to follow. */
    void start(ScheduledExecutorService background) {
        var unused = background.scheduleWithFixedDelay(
                () -> named.forEach(this::refresh), REFRESH_SECONDS, REFRESH_SECONDS, TimeUnit.SECONDS);
    }

    /** Asks for the names of these now, on the calling thread. */
    void resolve(Collection<Server> servers) {
        servers.stream().filter(Addresses::isNamed).forEach(this::refresh);
    }

    /** From now on asks for the names of these, and no others. */
    void follow(Collection<Server> servers) {
        named = servers.stream().filter(Addresses::isNamed).toList();
    }

    private static boolean isNamed(Server server) {
        return literal(server.config()).isUnresolved();
    }

    private void refresh(Server server) {
        try {
            InetAddress now = resolver.resolve(server.config().host());
            InetAddress before = server.address().getAddress();
            if (!Objects.equals(now, before)) {
                server.address(new InetSocketAddress(now, server.config().port()));
                log.info("server {}: is at {}", server.name(), now.getHostAddress());
            }
        } catch (UnknownHostException e) {
            if (server.address().isUnresolved()) {
                log.warn("server {}: name does not resolve; asked again in {} s", server.name(), REFRESH_SECONDS);
            }
        } catch (RuntimeException e) {
            // Whatever it was: a schedule that throws is never run again.
            log.error("server {}: asking for its address: bug", server.name(), e);
        }
    }
}
