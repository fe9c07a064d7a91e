package dev.postern.listener;

import dev.postern.config.BindAddress;
import dev.postern.machine.MachineErrors;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses of one kind that we accept on. Every event loop has a socket of its own for every address ({@code
 * SO_REUSEPORT}), so that the kernel spreads the connections and a connection stays on the loop that accepted it. A
 * reload binds what is new and closes what is left out; sockets that stay are not touched.
 */
public final class Listener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);

    /** The kernel cuts it down to net.core.somaxconn. */
    private static final int BACKLOG = 4096;

    /**
     * Connections in a turn of the event loop. With one, whoever came when many did waited for as many turns; each of them
     * costs a tenth of a handshake.
     */
    private static final RecvByteBufAllocator ACCEPTED_AT_ONCE = new ServerChannelRecvByteBufAllocator()
            // Only the system knows whether there are more.
            .respectMaybeMoreData(false)
            .maxMessagesPerRead(16);

    private final String name;
    private final Transport transport;
    private final List<EventLoop> loops;
    private final List<ConnectionLimit> limits;
    private final Function<EventLoop, ChannelInitializer<Channel>> pipelines;
    private final GivenSockets given;
    private final LongAdder open = new LongAdder();
    private final LongAdder accepted = new LongAdder();
    private final LongAdder notAccepted = new LongAdder();
    // Replaced by one thread at a time; read by any thread.
    private volatile List<Bound> bound = List.of();

    /**
     * One address.
     *
     * @param address with the port that it chose
     */
    private record Bound(BindAddress configured, InetSocketAddress address, List<Channel> channels) {
        void close() {
            for (Channel channel : channels) {
                if (channel instanceof UnixChannel) {
                    // Where another process has the socket as well, closing it does not end what epoll tells us of it,
                    // epoll(7).
                    channel.deregister().awaitUninterruptibly();
                }
                channel.close().awaitUninterruptibly();
            }
        }
    }

    /** What a listener is going to be bound to; what is new of it is bound already, and accepts nothing yet. */
    public final class Next {
        private final List<Bound> all;
        private final List<Bound> added;

        private Next(List<Bound> all, List<Bound> added) {
            this.all = all;
            this.added = added;
        }

        public List<InetSocketAddress> addresses() {
            return all.stream().map(Bound::address).toList();
        }

        /** Accepts there, and no more where it is not; connections that were accepted go on. Blocks. */
        public void open() {
            added.forEach(one -> one.channels.forEach(Listener.this::open));
            List<Bound> closed =
                    bound.stream().filter(one -> !all.contains(one)).toList();
            boolean changes = !added.isEmpty() || !closed.isEmpty();
            bound = all;
            closed.forEach(Bound::close);
            if (changes) {
                LOG.info(
                        "listener {}: {}",
                        name,
                        bound.isEmpty()
                                ? "closed"
                                : addresses().stream()
                                        .map(NetUtil::toSocketAddressString)
                                        .collect(Collectors.joining(", ")));
            }
        }

        /** Everything stays as it was. Blocks. */
        public void abandon() {
            added.forEach(Bound::close);
        }
    }

    /**
     * Bound to nothing yet.
     *
     * @param name as in the configuration, for messages
     * @param limits count the connections, and keep more than they allow from being accepted
     * @param given taken instead of binding their addresses
     * @param pipelines what a connection accepted on a loop goes through
     */
    public Listener(
            String name,
            Transport transport,
            List<EventLoop> loops,
            List<ConnectionLimit> limits,
            GivenSockets given,
            Function<EventLoop, ChannelInitializer<Channel>> pipelines) {
        this.name = name;
        this.transport = transport;
        this.loops = List.copyOf(loops);
        this.limits = List.copyOf(limits);
        this.given = given;
        this.pipelines = pipelines;
    }

    /**
     * Binds what is new of these addresses on every loop; accepts nothing there before {@link Next#open}. Blocks; not for
     * an event loop.
     *
     * @param ours what this process has bound by now, whichever listener it belongs to
     * @throws CannotListen if any address cannot be bound; then none is
     */
    public Next bind(List<BindAddress> binds, List<InetSocketAddress> ours) throws CannotListen {
        List<Bound> kept = new ArrayList<>(bound);
        List<Bound> all = new ArrayList<>();
        List<Bound> added = new ArrayList<>();
        for (BindAddress bind : binds) {
            try {
                Bound one = kept.stream()
                        .filter(known -> known.configured.equals(bind))
                        .findFirst()
                        .orElse(null);
                if (one == null) {
                    List<Integer> listening = given.take(name, bind);
                    one = listening.isEmpty() ? bindNew(bind, ours) : take(bind, listening);
                    added.add(one);
                }
                kept.remove(one);
                all.add(one);
            } catch (IOException e) {
                added.forEach(Bound::close);
                throw new CannotListen(message(name, bind, e), e);
            }
        }
        return new Next(List.copyOf(all), List.copyOf(added));
    }

    private void open(Channel socket) {
        Acceptor acceptor = new Acceptor(socket);
        // Held until every limit has seen it.
        acceptor.hold();
        limits.forEach(limit -> limit.open(acceptor));
        acceptor.letGo();
    }

    /**
     * The first socket is bound without SO_REUSEPORT, and shares its port from then on: with it from the start, a second
     * Postern of the same user that starts in the same moment would bind as well, and each would get half of the
     * connections.
     */
    private Bound bindNew(BindAddress wanted, List<InetSocketAddress> ours) throws IOException {
        // Where we have the port already (on every address, say), nobody can have taken it without leave.
        boolean isOurs = wanted.port() != 0 && ours.stream().anyMatch(held -> held.getPort() == wanted.port());
        InetSocketAddress address = address(wanted);
        List<Channel> channels = new ArrayList<>();
        try {
            for (EventLoop loop : loops) {
                boolean isShared = isOurs || !channels.isEmpty();
                Channel channel = socket(loop, admitting(pipelines.apply(loop)));
                channels.add(channel);
                SocketOptions.set(channel, wanted);
                if (isShared) {
                    SocketOptions.share(channel);
                }
                await(channel.bind(address));
                if (!isShared) {
                    SocketOptions.share(channel);
                    address = (InetSocketAddress) channel.localAddress();
                }
            }
            return new Bound(wanted, address, List.copyOf(channels));
        } catch (IOException e) {
            new Bound(wanted, address, channels).close();
            throw e;
        }
    }

    /**
     * Each loop gets at least one of them. Where there are fewer, as from systemd, which has one for an address, several
     * loops accept from the same.
     */
    private Bound take(BindAddress wanted, List<Integer> listening) throws IOException {
        InetSocketAddress address = new Socket(listening.get(0)).localAddress();
        List<Channel> channels = new ArrayList<>();
        // What no channel closes yet.
        Deque<Integer> left = new ArrayDeque<>(listening);
        SecureRandom random = new SecureRandom();
        try {
            for (int i = 0; i < Math.max(loops.size(), listening.size()); i++) {
                EventLoop loop = loops.get(i % loops.size());
                if (left.isEmpty()) {
                    left.add(DescriptorInbox.copy(listening.get(i % listening.size()), random));
                }
                // Closed by Netty where it cannot be registered.
                EpollServerSocketChannel channel = new EpollServerSocketChannel(left.getFirst());
                left.removeFirst();
                channels.add(await(bootstrap(loop, admitting(pipelines.apply(loop)))
                        .channelFactory(() -> channel)
                        .register()));
            }
            return new Bound(wanted, address, List.copyOf(channels));
        } catch (IOException | ChannelException e) {
            new Bound(wanted, address, channels).close();
            DescriptorInbox.close(List.copyOf(left));
            throw e instanceof IOException io ? io : new IOException(e);
        }
    }

    /**
     * Before anything is made that would be left behind: whether these could be bound. Binds nothing that stays; blocks.
     *
     * @throws CannotListen as {@link #bind}
     */
    public static void requireFree(String name, List<BindAddress> binds, GivenSockets given) throws CannotListen {
        for (BindAddress bind : binds) {
            // What only a socket with options can do is seen when it is bound. So is a port that we were given, for
            // whichever listener: what has it now is in the way of everybody but us.
            if (bind.device() != null || bind.nonLocal() || given.has(name, bind) || given.hasPort(bind.port())) {
                continue;
            }
            try (ServerSocket probe = new ServerSocket()) {
                probe.setReuseAddress(true);
                probe.bind(address(bind), 1);
            } catch (IOException e) {
                throw new CannotListen(message(name, bind, e), e);
            }
        }
    }

    private static InetSocketAddress address(BindAddress bind) throws IOException {
        return new InetSocketAddress(bind.address() == null ? everyAddress() : bind.address(), bind.port());
    }

    /** {@code ::}, which takes IPv4 as well; {@code 0.0.0.0} on a host that has no IPv6. */
    private static InetAddress everyAddress() throws IOException {
        boolean hasIpv6 = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .anyMatch(Inet6Address.class::isInstance);
        return InetAddress.getByAddress(new byte[hasIpv6 ? 16 : 4]);
    }

    /** Bound to nothing yet. */
    private Channel socket(EventLoop loop, ChannelInitializer<Channel> pipeline) throws IOException {
        return await(
                bootstrap(loop, pipeline).channel(transport.serverChannel()).register());
    }

    private ServerBootstrap bootstrap(EventLoop loop, ChannelInitializer<Channel> pipeline) {
        return new ServerBootstrap()
                .group(loop, loop)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.RECVBUF_ALLOCATOR, ACCEPTED_AT_ONCE)
                .handler(countingFailures())
                .childHandler(pipeline);
    }

    private static Channel await(ChannelFuture begun) throws IOException {
        begun.awaitUninterruptibly();
        if (!begun.isSuccess()) {
            throw begun.cause() instanceof IOException io ? io : new IOException(begun.cause());
        }
        return begun.channel();
    }

    /** No descriptor left, or no memory: Netty tries again a second later. */
    private ChannelHandler countingFailures() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                MachineErrors.check(cause);
                notAccepted.increment();
                ctx.fireExceptionCaught(cause);
            }
        };
    }

    private ChannelInitializer<Channel> admitting(ChannelInitializer<Channel> pipeline) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel client) {
                accepted.increment();
                open.increment();
                client.closeFuture().addListener(closed -> open.decrement());
                limits.forEach(limit -> limit.admit(client));
                client.pipeline().addLast(pipeline);
            }
        };
    }

    static String message(String name, BindAddress address, IOException e) {
        String why = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        String where = "listener " + name + " " + address + ": bind: ";
        if (why.contains("permission denied")) {
            return where + "permission denied; ports below 1024 need CAP_NET_BIND_SERVICE (see docs/install.md)";
        }
        if (why.contains("in use")) {
            return where + "address already in use; another program listens there (ss -ltnp 'sport = :" + address.port()
                    + "' shows which)";
        }
        if (why.contains("assign requested address")) {
            return where + "this host has no such address (expected: one that ip address shows, or sysctl"
                    + " net.ipv4.ip_nonlocal_bind=1, net.ipv6.ip_nonlocal_bind=1 for IPv6, where it comes later, as with VRRP)";
        }
        if (why.contains("no such device")) {
            return where + "this host has no network interface " + address.device()
                    + " (expected: one that ip link shows, and that is there before Postern starts)";
        }
        return where + why;
    }

    public String name() {
        return name;
    }

    /** Connections that are open now, those included that an address accepted which is no more bound. Any thread. */
    public long openConnections() {
        return open.sum();
    }

    /** Any thread. */
    public long acceptedConnections() {
        return accepted.sum();
    }

    /** How often the system could not hand over a connection, for want of descriptors mostly. Any thread. */
    public long acceptFailures() {
        return notAccepted.sum();
    }

    /** What is bound, with the ports that the system chose. */
    public List<InetSocketAddress> addresses() {
        return bound.stream().map(Bound::address).toList();
    }

    /**
     * The sockets of all that is bound, for another process; none without Netty's native transport. They stay ours as well,
     * until {@link #close}.
     */
    public List<GivenSockets.Given> sockets() {
        return bound.stream()
                .flatMap(one -> one.channels.stream()
                        .filter(UnixChannel.class::isInstance)
                        .map(channel -> new GivenSockets.Given(
                                name,
                                one.configured.toString(),
                                one.address,
                                ((UnixChannel) channel).fd().intValue())))
                .toList();
    }

    /** Accepts no more; connections that were accepted go on. Blocks until the sockets are closed. */
    @Override
    public void close() {
        bound.forEach(Bound::close);
        bound = List.of();
    }
}
