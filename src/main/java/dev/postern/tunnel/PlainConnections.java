package dev.postern.tunnel;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.dial.AddressRace;
import dev.postern.dial.Connector;
import dev.postern.dial.Sockets;
import dev.postern.trust.Speech;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Connections to servers on which anything is spoken: each belongs to one client, and none is kept. */
final class PlainConnections implements Connector<Channel> {
    private final Sockets sockets;
    private final UnaryOperator<SocketAddress> where;

    /** @param where of the address of a server is connected to */
    PlainConnections(Sockets sockets, UnaryOperator<SocketAddress> where) {
        this.sockets = sockets;
        this.where = where;
    }

    @Override
    public boolean areShared() {
        return false;
    }

    @Override
    public @Nullable Channel open(Server server, @Nullable ProxyPreamble preamble, long nowNanos, long maxIdleNanos) {
        return null;
    }

    @Override
    public Attempt connect(
            Server server, @Nullable ProxyPreamble preamble, Duration timeout, Outcome<Channel> outcome) {
        AddressRace.Way way = new AddressRace.Way(Speech.ANY, preamble, PlainConnections::prepare, where);
        return AddressRace.begin(sockets, server, way, timeout, outcome);
    }

    /** Reads nothing before there is somebody to read it, but what a handshake has to. */
    private static void prepare(Channel channel) {
        channel.config().setAutoRead(false);
        boolean set = channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        assert set : "half closure";
    }

    @Override
    public boolean closeIdle() {
        return false;
    }
}
