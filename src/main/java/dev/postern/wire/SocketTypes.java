package dev.postern.wire;

import com.google.errorprone.annotations.Immutable;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.NetUtil;
import java.io.FileNotFoundException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What connections to servers are made of, on the event loops that there are.
 *
 * @param unix to sockets of this machine that have a path
 */
@Immutable
public record SocketTypes(Class<? extends SocketChannel> tcp, Class<? extends Channel> unix) {
    /** Connects to {@code address} with what else {@code made} says. */
    public ChannelFuture connect(Bootstrap made, SocketAddress address) {
        if (!(address instanceof UnixDomainSocketAddress path)) {
            return made.channel(tcp).connect(address);
        }
        // Netty's own kind of channel has its own kind of address.
        boolean ofTheJdk = NioDomainSocketChannel.class.isAssignableFrom(unix);
        return made.channel(unix)
                .connect(
                        ofTheJdk ? path : new DomainSocketAddress(path.getPath().toString()));
    }

    /** Where {@code connection} leads, as {@link #connect} was told; null where it is closed. */
    public static @Nullable SocketAddress remote(Channel connection) {
        SocketAddress remote = connection.remoteAddress();
        return remote instanceof DomainSocketAddress path ? UnixDomainSocketAddress.of(path.path()) : remote;
    }

    /** Why there is no connection to a socket with a path, where that is told by its path; null for any other reason. */
    public static @Nullable String fault(SocketAddress address, Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (!(address instanceof UnixDomainSocketAddress)) {
            return null;
        }
        if (cause instanceof FileNotFoundException || message.contains("No such file")) {
            return "there is no such socket";
        }
        return message.contains("Permission denied")
                ? "permission denied (expected: that the user of this process may write to the socket, and enter its"
                        + " folders)"
                : null;
    }

    /** As an operator writes it. */
    public static String text(SocketAddress address) {
        return address instanceof InetSocketAddress inet
                ? NetUtil.toSocketAddressString(inet)
                : address instanceof UnixDomainSocketAddress path ? "unix:" + path.getPath() : address.toString();
    }
}
