package dev.postern.http.h2;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.dial.AddressRace;
import dev.postern.http.exchange.ServerConnections;
import dev.postern.http.exchange.ServerStream;
import dev.postern.http.exchange.TowardsServers;
import dev.postern.trust.Speech;
import dev.postern.wire.Failure.ByServer;
import io.netty.channel.Channel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP/2 connections of one event loop to servers: as many streams on each as its server allows, another connection
 * beyond. Exchanges that find none share the attempt to make one. Event loop only.
 */
public final class Http2ServerConnections implements ServerConnections {
    /** As long as an idle HTTP/1 connection is kept. */
    private static final long MAX_IDLE_NANOS = Duration.ofSeconds(55).toNanos();

    /** Before a server has said what it allows: what RFC 9113 §6.5.2 asks every server to allow at least. */
    private static final int MAX_WAITING = 100;

    private final TowardsServers servers;
    private final Map<Server, List<Http2ServerConnection>> connections = new HashMap<>();
    private final Map<Server, List<Connecting>> connecting = new HashMap<>();
    /** What each server allowed when it was last asked. */
    private final Map<Server, Integer> allowed = new HashMap<>();

    public Http2ServerConnections(TowardsServers servers) {
        this.servers = servers;
    }

    @Override
    public boolean areShared() {
        return true;
    }

    @Override
    public @Nullable ServerStream open(
            Server server, @Nullable ProxyPreamble preamble, long nowNanos, long maxIdleNanos) {
        return open(server);
    }

    /** A stream on a connection that is there; null where there is none with room for one more. */
    private @Nullable ServerStream open(Server server) {
        List<Http2ServerConnection> candidates = connections.get(server);
        if (candidates == null) {
            return null;
        }
        // Retiring one takes it out of the list: backwards.
        for (int i = candidates.size() - 1; i >= 0; i--) {
            Http2ServerConnection connection = candidates.get(i);
            if (!server.isReachedBy(connection.channel()) || connection.isUseless()) {
                connection.retire();
            } else if (connection.hasRoom()) {
                return new Http2ServerStream(connection);
            }
        }
        return null;
    }

    @Override
    public Attempt connect(
            Server server, @Nullable ProxyPreamble preamble, Duration timeout, Outcome<ServerStream> outcome) {
        return connect(server, timeout, outcome);
    }

    private Attempt connect(Server server, Duration timeout, Outcome<ServerStream> outcome) {
        Waiting waiting = new Waiting(outcome);
        for (Connecting shared : connecting.getOrDefault(server, List.of())) {
            if (shared.waiting.size() < allowed.getOrDefault(server, MAX_WAITING)) {
                shared.waiting.add(waiting);
                return waiting;
            }
        }
        if (!servers.room().isThere()) {
            waiting.cancel();
            outcome.impossible(servers.room().why());
            return waiting;
        }
        Connecting fresh = new Connecting(server, timeout);
        fresh.waiting.add(waiting);
        connecting.computeIfAbsent(server, s -> new ArrayList<>(2)).add(fresh);
        fresh.begin();
        return waiting;
    }

    /** An exchange that waits for a connection. */
    private static final class Waiting implements Attempt {
        private @Nullable Outcome<ServerStream> outcome;

        Waiting(Outcome<ServerStream> outcome) {
            this.outcome = outcome;
        }

        private @Nullable Outcome<ServerStream> take() {
            Outcome<ServerStream> taken = outcome;
            outcome = null;
            return taken;
        }

        @Override
        public boolean isOver() {
            return outcome == null;
        }

        @Override
        public void cancel() {
            outcome = null;
        }
    }

    /** A connection being made, until its server has said what it allows. */
    private final class Connecting implements Outcome<Channel> {
        private final Server server;
        private final Duration timeout;
        private final ArrayDeque<Waiting> waiting = new ArrayDeque<>(4);
        private @Nullable Http2ServerConnection made;

        Connecting(Server server, Duration timeout) {
            this.server = server;
            this.timeout = timeout;
        }

        void begin() {
            var unused = AddressRace.begin(
                    servers.sockets(),
                    server,
                    new AddressRace.Way(
                            Speech.HTTP_2,
                            null,
                            channel -> channel.pipeline()
                                    .addLast(Http2ServerConnection.of(
                                            servers.heads(),
                                            servers.warnings(),
                                            server,
                                            channel,
                                            Http2ServerConnections.this))),
                    timeout,
                    this);
        }

        @Override
        public void connected(Channel connected) {
            Http2ServerConnection fresh = connected.pipeline().get(Http2ServerConnection.class);
            if (fresh == null) {
                refused(ByServer.CONNECT_FAILED, "connect: closed at once");
                return;
            }
            made = fresh;
            if (fresh.hasRoom()) {
                ready(fresh);
                return;
            }
            var unused = servers.loop().schedule(this::tooLate, timeout.toNanos(), TimeUnit.NANOSECONDS);
        }

        private void tooLate() {
            Http2ServerConnection late = made;
            if (late != null && leave()) {
                late.closeNow();
                tellRefused(ByServer.CONNECT_TIMEOUT, "no HTTP/2 SETTINGS within " + timeout.toMillis() + " ms");
            }
        }

        @Override
        public void refused(ByServer failure, String why) {
            if (leave()) {
                tellRefused(failure, why);
            }
        }

        private void tellRefused(ByServer failure, String why) {
            for (Waiting each = waiting.poll(); each != null; each = waiting.poll()) {
                Outcome<ServerStream> outcome = each.take();
                if (outcome != null) {
                    outcome.refused(failure, why);
                }
            }
        }

        @Override
        public void impossible(String why) {
            if (leave()) {
                for (Waiting each = waiting.poll(); each != null; each = waiting.poll()) {
                    Outcome<ServerStream> outcome = each.take();
                    if (outcome != null) {
                        outcome.impossible(why);
                    }
                }
            }
        }

        void ready(Http2ServerConnection connection) {
            if (!leave()) {
                return;
            }
            if (!connection.hasRoom()) {
                connection.retire();
                tellRefused(ByServer.REFUSED, "allows no HTTP/2 streams");
                return;
            }
            for (Waiting each = waiting.poll(); each != null; each = waiting.poll()) {
                Outcome<ServerStream> outcome = each.take();
                if (outcome == null) {
                    continue;
                }
                if (connection.hasRoom()) {
                    outcome.connected(new Http2ServerStream(connection));
                } else {
                    // It allows fewer than have waited for it.
                    again(outcome);
                }
            }
        }

        private void again(Outcome<ServerStream> outcome) {
            ServerStream elsewhere = open(server);
            if (elsewhere != null) {
                outcome.connected(elsewhere);
            } else {
                var unused = connect(server, timeout, outcome);
            }
        }

        /** False where it has been left already. */
        private boolean leave() {
            List<Connecting> all = connecting.get(server);
            return all != null && all.remove(this);
        }
    }

    /** The server's SETTINGS have come. */
    void isReady(Http2ServerConnection connection) {
        allowed.put(connection.server(), connection.maxStreams());
        connections
                .computeIfAbsent(connection.server(), s -> new ArrayList<>(2))
                .add(connection);
        for (Connecting each : List.copyOf(connecting.getOrDefault(connection.server(), List.of()))) {
            if (connection.equals(each.made)) {
                each.ready(connection);
            }
        }
    }

    /** It is closed, or will be as soon as its streams have ended. */
    void remove(Http2ServerConnection connection) {
        List<Http2ServerConnection> all = connections.get(connection.server());
        if (all != null && all.remove(connection) && all.isEmpty()) {
            connections.remove(connection.server());
        }
        for (Connecting each : List.copyOf(connecting.getOrDefault(connection.server(), List.of()))) {
            if (connection.equals(each.made)) {
                each.refused(ByServer.CONNECT_FAILED, "connection closed before any HTTP/2 SETTINGS came");
            }
        }
    }

    /** One carries many exchanges: there are few of them. */
    @Override
    public void keepAtMost(int idle) {}

    @Override
    public void check(long now) {
        if (connections.isEmpty()) {
            return;
        }
        for (List<Http2ServerConnection> all : List.copyOf(connections.values())) {
            for (Http2ServerConnection connection : List.copyOf(all)) {
                if (connection.server().isRetired()) {
                    connection.retire();
                }
                connection.check(now, MAX_IDLE_NANOS);
            }
        }
        allowed.keySet().removeIf(Server::isRetired);
    }

    @Override
    public boolean closeIdle() {
        for (List<Http2ServerConnection> all : connections.values()) {
            for (Http2ServerConnection connection : all) {
                if (connection.streams() == 0) {
                    connection.retire();
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public int size() {
        return connections.values().stream().mapToInt(List::size).sum();
    }

    @Override
    public int streams() {
        return connections.values().stream()
                .flatMap(List::stream)
                .mapToInt(Http2ServerConnection::streams)
                .sum();
    }

    @Override
    public void close() {
        for (List<Http2ServerConnection> all : List.copyOf(connections.values())) {
            List.copyOf(all).forEach(Http2ServerConnection::closeNow);
        }
        connections.clear();
    }
}
