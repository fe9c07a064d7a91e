package dev.postern.listener;

import dev.postern.config.BindAddress;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.StandardSocketOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses of one kind that we accept on. Every event loop has a socket of its own for every address ({@code
 * SO_REUSEPORT}), so that the kernel spreads the connections and a connection stays on the loop that accepted it.
 */
public final class Listener implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Listener.class);

    /** The kernel cuts it down to net.core.somaxconn. */
    private static final int BACKLOG = 4096;

    private final String name;
    private final List<Channel> channels;
    private final List<InetSocketAddress> addresses;

    private Listener(String name, List<Channel> channels, List<InetSocketAddress> addresses) {
        this.name = name;
        this.channels = channels;
        this.addresses = addresses;
    }

    /**
     * Binds every address on every loop; accepts nothing before {@link #open}. Blocks; not for an event loop.
     *
     * @param name as in the configuration, for messages
     * @param limit counts the connections, and keeps more than it allows from being accepted
     * @param pipelines what a connection accepted on a loop goes through
     * @throws CannotListen if any address cannot be bound; then none is
     */
    public static Listener bind(
            String name,
            List<BindAddress> binds,
            Transport transport,
            List<EventLoop> loops,
            ConnectionLimit limit,
            Function<EventLoop, ChannelInitializer<Channel>> pipelines)
            throws CannotListen {
        List<Channel> channels = new ArrayList<>();
        List<InetSocketAddress> addresses = new ArrayList<>();
        try {
            for (BindAddress bind : binds) {
                InetSocketAddress address = probe(bind);
                for (EventLoop loop : loops) {
                    Channel channel = bind(address, transport, loop, admitting(limit, pipelines.apply(loop)));
                    limit.watch(channel);
                    channels.add(channel);
                }
                addresses.add(address);
            }
            return new Listener(name, channels, addresses);
        } catch (IOException e) {
            new Listener(name, channels, addresses).close();
            throw new CannotListen(message(name, binds.get(addresses.size()), e), e);
        }
    }

    /**
     * Binds once without SO_REUSEPORT: with it, a second Postern of the same user would bind as well, and each would get
     * half of the connections. Says which port the system chose where none was given.
     */
    private static InetSocketAddress probe(BindAddress bind) throws IOException {
        InetAddress address = bind.address() == null ? everyAddress() : bind.address();
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(address, bind.port()), 1);
            return new InetSocketAddress(address, probe.getLocalPort());
        }
    }

    /** {@code ::}, which takes IPv4 as well; {@code 0.0.0.0} on a host that has no IPv6. */
    private static InetAddress everyAddress() throws IOException {
        boolean hasIpv6 = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .anyMatch(Inet6Address.class::isInstance);
        return InetAddress.getByAddress(new byte[hasIpv6 ? 16 : 4]);
    }

    private static Channel bind(
            InetSocketAddress address, Transport transport, EventLoop loop, ChannelInitializer<Channel> pipeline)
            throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop, loop)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(pipeline);
        if (transport == Transport.EPOLL) {
            bootstrap.option(UnixChannelOption.SO_REUSEPORT, true);
        } else {
            bootstrap.option(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true);
        }
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw bound.cause() instanceof IOException io ? io : new IOException(bound.cause());
        }
        return bound.channel();
    }

    private static ChannelInitializer<Channel> admitting(ConnectionLimit limit, ChannelInitializer<Channel> pipeline) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel client) {
                limit.admit(client);
                client.pipeline().addLast(pipeline);
            }
        };
    }

    static String message(String name, BindAddress address, IOException e) {
        String why = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        String where = "listener " + name + " " + address + ": bind: ";
        if (why.contains("permission denied")) {
            return where + "permission denied; ports below 1024 need CAP_NET_BIND_SERVICE (see README, \"For real\")";
        }
        if (why.contains("in use")) {
            return where + "address already in use; another program listens there (ss -ltnp 'sport = :" + address.port()
                    + "' shows which)";
        }
        if (why.contains("assign requested address")) {
            return where + "this host has no such address";
        }
        return where + why;
    }

    /** Begins to accept. */
    public void open() {
        channels.forEach(channel -> channel.config().setAutoRead(true));
        log.info(
                "listener {}: {}",
                name,
                addresses.stream().map(NetUtil::toSocketAddressString).collect(Collectors.joining(", ")));
    }

    /** What is bound, with the ports that the system chose. */
    public List<InetSocketAddress> addresses() {
        return addresses;
    }

    /** Accepts no more; connections that were accepted go on. Blocks until the sockets are closed. */
    @Override
    public void close() {
        channels.forEach(channel -> channel.close().awaitUninterruptibly());
    }
}
