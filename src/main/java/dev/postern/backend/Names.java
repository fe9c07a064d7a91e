package dev.postern.backend;

import dev.postern.backend.Resolver.Family;
import dev.postern.config.Configuration;
import dev.postern.machine.MachineErrors;
import io.netty.channel.EventLoop;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All names that servers are given by, each once. Asks on one event loop, and blocks it for nothing; everybody reads the
 * last answer.
 */
final class Names implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Names.class);

    /** For whoever starts, or reloads: with no answer by then it is done without. */
    private static final long START_SECONDS = 5;

    private final EventLoop loop;
    private final HostsFile hosts;
    private final List<Family> families;
    private final Map<String, Name> all = new ConcurrentHashMap<>();
    private final Consumer<Name> moved;

    // Replaced by a reload; read on the loop.
    private volatile Resolver resolver;
    private volatile Set<Name> followed = Set.of();
    private volatile boolean closed;

    /** @param moved called on the loop when a name is somewhere else than it was */
    Names(EventLoop loop, HostsFile hosts, Resolver resolver, List<Family> families, Consumer<Name> moved) {
        this.loop = loop;
        this.hosts = hosts;
        this.resolver = resolver;
        this.families = families;
        this.moved = moved;
    }

    /** The families that this host has a route for at all. */
    static List<Family> ofThisHost() {
        return NetUtil.isIpV4StackPreferred() ? List.of(Family.IPV4) : List.of(Family.values());
    }

    /** A name, or an address, of the configuration; not asked for yet. Any thread. */
    Name of(String host) {
        if (host.startsWith(Configuration.Server.SOCKET)) {
            return Name.nowhere(host);
        }
        InetAddress literal = literal(host);
        return literal == null ? all.computeIfAbsent(host, name -> Name.asked(name, this)) : Name.literal(literal);
    }

    /** For whoever has addresses only: a name is nowhere. */
    static Name literally(String host) {
        InetAddress literal = literal(host);
        return literal == null ? Name.nowhere(host) : Name.literal(literal);
    }

    private static @Nullable InetAddress literal(String host) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(host);
        try {
            return bytes == null ? null : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Asks for those that are new, and waits for the answers, for a while. Not on the loop. */
    void resolve(Collection<Name> some) {
        List<Name> unknown = some.stream()
                .filter(Name::mayMove)
                .filter(name -> !follows(name))
                .distinct()
                .toList();
        CountDownLatch answers = new CountDownLatch(unknown.size());
        unknown.forEach(name -> name.doubt(answers::countDown));
        try {
            boolean unused = answers.await(START_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** From now on asks for these when their answers end, and for no others. Any thread. */
    void follow(Collection<Name> some) {
        followed = some.stream().filter(Name::mayMove).collect(Collectors.toUnmodifiableSet());
        loop.execute(() -> {
            all.values().stream().filter(name -> !follows(name)).forEach(Name::end);
            all.values().removeIf(name -> !follows(name));
            followed.forEach(Name::begin);
        });
    }

    boolean follows(Name name) {
        return followed.contains(name);
    }

    /** Asks others from now on, for everything, at once. Any thread. */
    void resolver(Resolver next) {
        loop.execute(() -> {
            Resolver before = resolver;
            resolver = next;
            followed.forEach(Name::askAnew);
            before.close();
        });
    }

    /** What this host says itself has changed. Any thread. */
    void askAnew() {
        loop.execute(() -> followed.forEach(Name::askAnew));
    }

    void moved(Name name) {
        try {
            moved.accept(name);
        } catch (RuntimeException e) {
            // Whatever it was: a name that is never asked for again would stay where it is for ever.
            MachineErrors.check(e);
            LOG.error("name {}: bug", name, e);
        }
    }

    EventLoop loop() {
        return loop;
    }

    HostsFile hosts() {
        return hosts;
    }

    List<Family> families() {
        return families;
    }

    Resolver resolver() {
        return resolver;
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        if (!loop.isShuttingDown()) {
            loop.execute(() -> resolver.close());
        }
    }
}
