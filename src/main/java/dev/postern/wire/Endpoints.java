package dev.postern.wire;

import io.netty.channel.Channel;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;

/**
 * Both ends of a client's connection: those of the socket, or the ones that a proxy in front of us names in its PROXY
 * header.
 *
 * @param client who connects
 * @param local what was connected to
 */
public record Endpoints(InetSocketAddress client, InetSocketAddress local) {
    public static Endpoints of(Channel channel) {
        return new Endpoints((InetSocketAddress) channel.remoteAddress(), (InetSocketAddress) channel.localAddress());
    }

    /** {@code 192.0.2.1:33224} or {@code [::1]:80}, for the log. */
    public String clientText() {
        return NetUtil.toSocketAddressString(client);
    }
}
