package dev.postern.tunnel;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.Server;
import dev.postern.balance.Affinity;
import dev.postern.dial.Dial;
import dev.postern.machine.MachineErrors;
import dev.postern.wire.ClientConnection;
import dev.postern.wire.ClientNetwork;
import dev.postern.wire.Closed;
import dev.postern.wire.EndedBy;
import dev.postern.wire.Endpoints;
import dev.postern.wire.Failure;
import io.netty.channel.Channel;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's connection that is passed on to a server, unopened: chooses one, connects, and joins the two. Whatever one end
 * does the other is told: its end of input, its reset, its silence. Event loop only.
 */
public final class Passage implements ClientConnection, Dial.Caller<Channel>, End.Both, Affinity, Tunnel.Ends {
    private static final Logger LOG = LoggerFactory.getLogger(Passage.class);

    /** Of what a client says before there is a server as much is taken before it has to wait. */
    private static final int EARLY_BYTES = 16 * 1024;

    private enum State {
        /** A server is chosen by what the client says first. */
        LISTENS,
        /** No server is connected yet. */
        DIALS,
        OPEN,
        OVER
    }

    private final Passages passages;
    private final Service service;
    private final Endpoints endpoints;
    private final PassageRecord record;
    private final Dial<Channel> dial;
    private final End client;

    private State state;
    private RdpRequest request = RdpRequest.WITHOUT_COOKIE;
    private @Nullable ScheduledFuture<?> patience;
    private @Nullable End server;
    private @Nullable Tunnel tunnel;

    private Passage(
            Passages passages, Service service, Endpoints endpoints, PassageRecord.Hello hello, Channel channel) {
        this.passages = passages;
        this.service = service;
        this.endpoints = endpoints;
        this.record = new PassageRecord(
                passages.nextId(),
                endpoints,
                hello,
                service.name(),
                service.balancer().backend().name(),
                passages.nanos());
        this.state = service.balancer().asksRdp() ? State.LISTENS : State.DIALS;
        this.client = new End(channel, this);
        this.dial = new Dial<>(
                channel.eventLoop(),
                service.balancer(),
                passages.room(),
                new PlainConnections(passages.sockets(), this::where),
                this,
                this);
    }

    /**
     * Passes on what comes out of the pipeline of {@code client}, from now on; looks for a server first.
     *
     * @param hello what the client has said already
     */
    public static void begin(
            Channel client, Endpoints endpoints, PassageRecord.Hello hello, Service service, Passages passages) {
        Passage begun = new Passage(passages, service, endpoints, hello, client);
        client.pipeline().addLast("Passage", begun.client);
        passages.connections().join(begun);
        if (begun.state == State.DIALS) {
            begun.guard(begun.dial::begin);
        } else {
            // As long as it may take to be connected: who says nothing gets any server.
            begun.patience =
                    client.eventLoop().schedule(begun::dial, service.connect().toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public boolean heard(End end) {
        if (state != State.LISTENS) {
            return end.received() < EARLY_BYTES;
        }
        RdpRequest read = RdpRequest.read(end.early());
        if (read == null) {
            return true;
        }
        request = read;
        dial();
        return end.received() < EARLY_BYTES;
    }

    private void dial() {
        if (patience != null) {
            patience.cancel(false);
        }
        if (state == State.LISTENS) {
            state = State.DIALS;
            guard(dial::begin);
        }
    }

    /** Where {@code address} of a server is connected to. */
    private SocketAddress where(SocketAddress address) {
        return service.portOffset().isEmpty() || !(address instanceof InetSocketAddress inet)
                ? address
                : new InetSocketAddress(
                        inet.getAddress(),
                        endpoints.local().getPort() + service.portOffset().getAsInt());
    }

    // ---- the way to a server

    @Override
    public long network() {
        return ClientNetwork.of(endpoints.client().getAddress());
    }

    @Override
    public @Nullable ProxyPreamble preamble() {
        return service.balancer().backend().wantsPreamble()
                ? new ProxyPreamble(endpoints.client(), endpoints.local())
                : null;
    }

    @Override
    public long maxIdleNanos() {
        return 0;
    }

    @Override
    public Duration connectTimeout() {
        return service.connect();
    }

    @Override
    public boolean isOver() {
        return state == State.OVER;
    }

    @Override
    public void guard(Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            MachineErrors.check(e);
            LOG.error("connection {}: bug; closed", record.id(), e);
            end(Failure.ByEdge.BUG, "");
        }
    }

    @Override
    public void tries(Server next, long nowNanos) {
        record.tries(next, nowNanos);
    }

    @Override
    public void connected(Channel made, boolean reused, long nowNanos) {
        if (state == State.OVER) {
            made.close().addListener(Closed.OBSERVED);
            return;
        }
        state = State.OPEN;
        record.connected(nowNanos);
        tunnel = passages.tunnels().begin(this, service.idle());
        End end = new End(made, this);
        server = end;
        made.pipeline().addLast("Passage", end);
        client.joins(end);
        end.joins(client);
    }

    @Override
    public void failed(Failure why, String detail) {
        end(why, detail);
    }

    // ---- what a choice of server may depend on

    @Override
    public InetAddress clientAddress() {
        return endpoints.client().getAddress();
    }

    @Override
    public String target() {
        return "";
    }

    @Override
    public @Nullable String header(String name) {
        return null;
    }

    /** Of its connection request, where it speaks RDP. */
    @Override
    public @Nullable String cookie(String name) {
        return request.cookie(name);
    }

    // ---- both ends

    private EndedBy side(End end) {
        return end == client ? EndedBy.CLIENT : EndedBy.SERVER;
    }

    @Override
    public void said(End end) {
        record.closedBy(side(end));
        // What it has said is all there is.
        dial();
    }

    @Override
    public void settled(End end) {
        End there = server;
        if (state == State.DIALS || state == State.LISTENS) {
            end(Failure.ByClient.GONE, "before a server was there");
        } else if (there != null && client.isDone(there) && there.isDone(client)) {
            end(null, "");
        }
    }

    @Override
    public void broken(End end, Throwable cause) {
        if (state == State.OVER) {
            return;
        }
        Failure why = end == client ? Failure.ByClient.GONE : Failure.ByServer.CLOSED_DURING_RESPONSE;
        LOG.debug("connection {}: client {}: {}", record.id(), endpoints.clientText(), cause.toString());
        for (End one : server == null ? List.of(client) : List.of(client, server)) {
            if (one == end) {
                one.reset();
            } else {
                one.resetOnceTaken();
            }
        }
        end(why, cause.toString());
    }

    // ---- those who look after it

    @Override
    public boolean isIdle() {
        return false;
    }

    @Override
    public boolean isInHead() {
        return false;
    }

    @Override
    public long idleNanos(long now) {
        return now - client.movedNanos(now);
    }

    @Override
    public void checkTimeouts(long now) {
        End there = server;
        Tunnel through = tunnel;
        if (state != State.OPEN || there == null || through == null) {
            return;
        }
        long clientMoved = client.movedNanos(now);
        long serverMoved = there.movedNanos(now);
        Failure due = through.check(now, Math.max(clientMoved, serverMoved), false);
        if (due == null && isSilent(client, now - clientMoved, service.client())) {
            due = Failure.ByClient.CLIENT_TIMEOUT;
        }
        if (due == null && isSilent(there, now - serverMoved, service.server())) {
            due = Failure.ByServer.SERVER_TIMEOUT;
        }
        if (due != null) {
            end(due, "nothing moved");
        }
    }

    /** Whoever has said all, or is not listened to, is not silent: unless it does not take what it is sent. */
    private static boolean isSilent(End end, long nanos, Duration longest) {
        return nanos > longest.toNanos() && !end.isInputOver() && !end.waitsForOther();
    }

    @Override
    public void drain() {
        // Its time comes with that of the other tunnels.
    }

    @Override
    public void closeIdle() {
        end(Failure.ByEdge.SHUTTING_DOWN, "");
    }

    @Override
    public void putOut() {
        end(Failure.ByEdge.OUT_OF_RESOURCES, "memory is short");
    }

    @Override
    public void closeNow(Failure why) {
        end(why, "");
    }

    @Override
    public void close(Failure why) {
        end(why, "");
    }

    private void end(@Nullable Failure why, String detail) {
        if (state == State.OVER) {
            return;
        }
        state = State.OVER;
        if (why != null) {
            LOG.debug(
                    "connection {}: client {}: tcp {}: {}: {}; closed",
                    record.id(),
                    endpoints.clientText(),
                    service.name(),
                    why.reason(),
                    detail);
        }
        if (patience != null) {
            patience.cancel(false);
        }
        dial.end();
        passages.connections().leave(this);
        if (tunnel != null) {
            tunnel.ended();
        }
        client.close();
        if (server != null) {
            server.close();
        }
        record.ends(client.received(), server == null ? 0 : server.received(), why, passages.nanos());
        passages.ended(record);
    }
}
