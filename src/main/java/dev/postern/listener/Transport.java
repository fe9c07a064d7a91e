package dev.postern.listener;

import dev.postern.wire.SocketTypes;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.RejectedExecutionHandlers;
import io.netty.util.concurrent.Ticker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;

/**
 * How bytes get in and out: epoll, or the JDK's selector where the native library cannot load. Netty's io_uring (4.2.18) costs as much for
 * each request, and does not tell of a reset that comes right behind the last bytes: whoever waits for the rest waits for ever.
 */
public enum Transport {
    EPOLL(
            "epoll",
            EpollServerSocketChannel.class,
            new SocketTypes(EpollSocketChannel.class, EpollDomainSocketChannel.class),
            EpollDatagramChannel.class) {
        @Override
        IoHandlerFactory handlers() {
            return EpollIoHandler.newFactory();
        }
    },
    NIO(
            "nio",
            NioServerSocketChannel.class,
            new SocketTypes(NioSocketChannel.class, NioDomainSocketChannel.class),
            NioDatagramChannel.class) {
        @Override
        IoHandlerFactory handlers() {
            return NioIoHandler.newFactory();
        }
    };

    /** By default the tasks of a loop may keep it from what comes in for a whole second. */
    private static final long TASK_MILLIS = 5;

    private static final int MAX_TASKS = Integer.MAX_VALUE;

    private final String text;
    private final Class<? extends ServerChannel> serverChannel;
    private final SocketTypes sockets;
    private final Class<? extends DatagramChannel> datagrams;

    Transport(
            String text,
            Class<? extends ServerChannel> serverChannel,
            SocketTypes sockets,
            Class<? extends DatagramChannel> datagrams) {
        this.text = text;
        this.serverChannel = serverChannel;
        this.sockets = sockets;
        this.datagrams = datagrams;
    }

    abstract IoHandlerFactory handlers();

    /** The best one that works here. */
    public static Transport best() {
        return Epoll.isAvailable() ? EPOLL : NIO;
    }

    public String text() {
        return text;
    }

    Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }

    /** What connections to servers are made of. */
    public SocketTypes sockets() {
        return sockets;
    }

    /** What questions to DNS servers go over. */
    public Class<? extends DatagramChannel> datagrams() {
        return datagrams;
    }

    /**
     * {@code count} event loops, each a thread of {@code threads}.
     *
     * @param ticker the clock by which everything on them is timed
     */
    public EventLoops loops(int count, ThreadFactory threads, Ticker ticker) {
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(count, threads, handlers()) {
            @Override
            protected IoEventLoop newChild(Executor executor, IoHandlerFactory handlers, Object... none) {
                return new SingleThreadIoEventLoop(
                        this, executor, handlers, MAX_TASKS, RejectedExecutionHandlers.reject(), TASK_MILLIS) {
                    @Override
                    public Ticker ticker() {
                        return ticker;
                    }
                };
            }
        };
        List<EventLoop> loops = new ArrayList<>();
        group.forEach(executor -> loops.add((EventLoop) executor));
        return new EventLoops(group, List.copyOf(loops));
    }

    /** The event loops of the process. */
    public record EventLoops(MultiThreadIoEventLoopGroup group, List<EventLoop> all) {}
}
