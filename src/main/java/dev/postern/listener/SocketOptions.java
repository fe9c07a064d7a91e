package dev.postern.listener;

import dev.postern.config.BindAddress;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import io.netty.channel.unix.UnixChannelOption;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What listening sockets are told beside their address, socket(7) and ip(7). Any thread. */
final class SocketOptions {
    // <net/if.h>, with the NUL.
    private static final int IFNAMSIZ = 16;
    // <asm-generic/socket.h>
    private static final RawUnixChannelOption SO_BINDTODEVICE =
            new RawUnixChannelOption("SO_BINDTODEVICE", 1, 25, IFNAMSIZ);

    private SocketOptions() {}

    /** Before it is bound. */
    static void set(Channel socket, BindAddress address) throws IOException {
        if (address.device() == null && !address.nonLocal()) {
            return;
        }
        if (!(socket instanceof EpollServerSocketChannel)) {
            throw new IOException("interface and transparent need the transport epoll");
        }
        try {
            if (address.device() != null) {
                socket.config().setOption(SO_BINDTODEVICE, name(address.device()));
            }
            if (address.nonLocal()) {
                socket.config().setOption(EpollChannelOption.IP_FREEBIND, true);
            }
        } catch (ChannelException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static ByteBuffer name(String device) {
        ByteBuffer name = ByteBuffer.allocateDirect(IFNAMSIZ);
        name.put(device.getBytes(StandardCharsets.UTF_8));
        return name.clear();
    }

    /** From now on others of this user that are told so may have the same port; the system spreads what comes over all. */
    static void share(Channel socket) {
        boolean set = socket instanceof EpollServerSocketChannel
                ? socket.config().setOption(UnixChannelOption.SO_REUSEPORT, true)
                : socket.config().setOption(NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT), true);
        assert set : "SO_REUSEPORT";
    }
}
