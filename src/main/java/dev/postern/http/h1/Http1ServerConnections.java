package dev.postern.http.h1;

import dev.postern.backend.ConnectionPool;
import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.backend.ServerConnection;
import dev.postern.dial.AddressRace;
import dev.postern.http.exchange.ServerConnections;
import dev.postern.http.exchange.ServerStream;
import dev.postern.http.exchange.TowardsServers;
import dev.postern.trust.Speech;
import dev.postern.wire.Failure.ByServer;
import io.netty.channel.Channel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The HTTP/1 connections of one event loop to servers: idle ones are pooled, the others belong to their exchanges. */
public final class Http1ServerConnections implements ServerConnections {
    private final TowardsServers servers;
    private final ConnectionPool pool = new ConnectionPool(0);

    public Http1ServerConnections(TowardsServers servers) {
        this.servers = servers;
    }

    @Override
    public boolean areShared() {
        return false;
    }

    @Override
    public @Nullable ServerStream open(
            Server server, @Nullable ProxyPreamble preamble, long nowNanos, long maxIdleNanos) {
        while (true) {
            ServerConnection idle = pool.take(server, preamble, nowNanos, maxIdleNanos);
            if (idle == null || idle.channel().isActive()) {
                return (ServerStream) idle;
            }
        }
    }

    @Override
    public Attempt connect(
            Server server, @Nullable ProxyPreamble preamble, Duration timeout, Outcome<ServerStream> outcome) {
        return AddressRace.begin(
                servers.sockets(),
                server,
                new AddressRace.Way(
                        Speech.HTTP_1,
                        preamble,
                        channel -> channel.pipeline()
                                .addLast(new Http1ServerConnection(servers.heads(), this, server, preamble, channel))),
                timeout,
                new Outcome<>() {
                    @Override
                    public void connected(Channel channel) {
                        outcome.connected(channel.pipeline().get(Http1ServerConnection.class));
                    }

                    @Override
                    public void refused(ByServer failure, String why) {
                        outcome.refused(failure, why);
                    }

                    @Override
                    public void impossible(String why) {
                        outcome.impossible(why);
                    }
                });
    }

    /** Whether one may be kept whose exchange is over. */
    boolean mayKeep() {
        return !servers.isDraining();
    }

    /** Keeps one whose exchange is over; false where it has to go. */
    boolean keep(Http1ServerConnection idle) {
        return pool.keep(idle, servers.loop().ticker().nanoTime());
    }

    /** It is closed, and was idle until then. */
    void remove(Http1ServerConnection closed) {
        pool.remove(closed);
    }

    @Override
    public void keepAtMost(int idle) {
        pool.max(idle);
    }

    @Override
    public void check(long nowNanos) {
        pool.evict(nowNanos);
    }

    @Override
    public boolean closeIdle() {
        return pool.closeOldest();
    }

    @Override
    public int size() {
        return pool.size();
    }

    @Override
    public int streams() {
        return 0;
    }

    @Override
    public void close() {
        pool.close();
    }
}
