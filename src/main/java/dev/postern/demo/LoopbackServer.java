package dev.postern.demo;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A plaintext web server on loopback, with a thread of its own. It can be closed and opened as often as one likes, always at the port that it had
 * first. Opened and closed by one thread at a time, which waits for it.
 */
final class LoopbackServer implements AutoCloseable {
    private static final long QUIET_MILLIS = 0;
    private static final long END_MILLIS = 1000;

    private final String name;
    private final MultiThreadIoEventLoopGroup group;
    private final ChannelGroup clients;
    private final Supplier<ChannelHandler[]> steps;
    private @Nullable Channel listening;
    private volatile int port;

    /** @param steps of a connection, made anew for each, that come behind what makes requests of bytes */
    LoopbackServer(String name, ThreadFactory threads, Supplier<ChannelHandler[]> steps) {
        this.name = name;
        this.group = new MultiThreadIoEventLoopGroup(1, threads, NioIoHandler.newFactory());
        this.clients = new DefaultChannelGroup(group.next());
        this.steps = steps;
    }

    /** @throws IOException where the port cannot be had; another program may have taken it meanwhile */
    synchronized void open() throws IOException {
        if (listening != null) {
            return;
        }
        var bound = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel client) {
                        clients.add(client);
                        client.pipeline().addLast(new HttpServerCodec()).addLast(steps.get());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    name + ": bind 127.0.0.1:" + port + ": " + bound.cause().getMessage(), bound.cause());
        }
        listening = bound.channel();
        port = ((InetSocketAddress) listening.localAddress()).getPort();
    }

    /** As a process that dies: who connects is refused, and every connection is cut, whatever it waits for. */
    synchronized void shut() {
        if (listening != null) {
            listening.close().awaitUninterruptibly();
            listening = null;
            clients.close().awaitUninterruptibly();
        }
    }

    synchronized boolean isOpen() {
        return listening != null;
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        shut();
        group.shutdownGracefully(QUIET_MILLIS, END_MILLIS, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly();
    }
}
