package dev.postern.dial;

import dev.postern.backend.ProxyPreamble;
import dev.postern.backend.SaidFirst;
import dev.postern.backend.Server;
import dev.postern.machine.MachineErrors;
import dev.postern.trust.ServerHandshake;
import dev.postern.trust.Speech;
import dev.postern.trust.TlsFault;
import dev.postern.trust.TlsToServers;
import dev.postern.wire.Closed;
import dev.postern.wire.Failure.ByServer;
import dev.postern.wire.SocketTypes;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One connection to a server that may be at several addresses
 * (<a href="https://datatracker.ietf.org/doc/html/rfc8305#section-5">RFC 8305 §5</a>): the next address is tried as soon as
 * one refuses, or has kept silent for a moment; the first that accepts is it, and is tried first from then on. All of them
 * together have the time that one has. Where none accepts, or none answers soon, the name is asked for anew, and what it
 * says then is tried as well. Event loop only.
 */
public final class AddressRace implements Connector.Attempt {
    /** As the RFC recommends: a SYN that got lost has not even been repeated by then. */
    private static final long HEAD_START_MILLIS = 250;

    /**
     * What is to become of a connection.
     *
     * @param speech on it, where it is made over TLS
     * @param preamble that it begins with, before TLS; null for none
     * @param pipeline of a channel that is made, before it connects
     * @param where of an address of the server is connected to: another port
     */
    public record Way(
            Speech speech,
            @Nullable ProxyPreamble preamble,
            Consumer<Channel> pipeline,
            UnaryOperator<SocketAddress> where) {
        /** To where the server is said to be. */
        public Way(Speech speech, @Nullable ProxyPreamble preamble, Consumer<Channel> pipeline) {
            this(speech, preamble, pipeline, UnaryOperator.identity());
        }
    }

    private record Fault(SocketAddress address, @Nullable ByServer failure, String why) {}

    private final Sockets sockets;
    private final Server server;
    private final Way way;
    private final Duration timeout;
    private final Connector.Outcome<Channel> outcome;
    private final long deadlineNanos;
    private final List<SocketAddress> tried = new ArrayList<>(2);
    private final List<ChannelFuture> running = new ArrayList<>(2);
    private final List<Fault> faults = new ArrayList<>(2);
    private @Nullable ScheduledFuture<?> timer;
    private boolean doubted;
    private boolean awaitsName;
    private boolean over;

    private AddressRace(Sockets sockets, Server server, Way way, Duration timeout, Connector.Outcome<Channel> outcome) {
        this.sockets = sockets;
        this.server = server;
        this.way = way;
        this.timeout = timeout;
        this.outcome = outcome;
        this.deadlineNanos = sockets.loop().ticker().nanoTime() + timeout.toNanos();
    }

    /** Begins to connect; returns what can be cancelled. */
    public static Connector.Attempt begin(
            Sockets sockets, Server server, Way way, Duration timeout, Connector.Outcome<Channel> outcome) {
        AddressRace race = new AddressRace(sockets, server, way, timeout, outcome);
        if (!race.goesOn()) {
            race.doubt();
        }
        return race;
    }

    @Override
    public boolean isOver() {
        return over;
    }

    @Override
    public void cancel() {
        end(null);
    }

    /** Tries the next address; false where there is none. */
    private boolean goesOn() {
        SocketAddress address = next();
        if (address == null) {
            return false;
        }
        tried.add(address);
        Try one = new Try(address);
        ChannelFuture connecting = connect(one);
        running.add(connecting);
        one.connecting = connecting;
        if (server.mayMove() || next() != null) {
            // Before the listener, which may be called at once.
            waits(this::isSlow);
        }
        connecting.addListener((ChannelFuture made) -> {
            if (sockets.loop().inEventLoop()) {
                one.connected(made);
            } else {
                // A channel that could not even be made reports its failure on a thread of nobody's.
                sockets.loop().execute(() -> one.connected(made));
            }
        });
        return true;
    }

    /** One address: made once it is connected, and has proved who it is where it has to. */
    private final class Try implements ServerHandshake.Outcome {
        private final SocketAddress address;
        private final @Nullable TlsToServers tls = server.tls();
        private @Nullable ChannelFuture connecting;
        private @Nullable ServerHandshake handshake;

        Try(SocketAddress address) {
            this.address = address;
        }

        void prepare(Channel channel) {
            sockets.room().apply(server).count(channel);
            if (tls == null) {
                way.pipeline.accept(channel);
                return;
            }
            if (way.preamble != null) {
                channel.pipeline().addLast(new SaidFirst(way.preamble.bytes(channel.alloc())));
            }
            handshake = server.secure(channel, tls, way.speech, this);
            way.pipeline.accept(channel);
            // Whoever is to read later on is told so when it is over.
            channel.config().setAutoRead(true);
        }

        void connected(ChannelFuture made) {
            if (!made.isSuccess()) {
                ended(made, AddressRace.this.fault(made.cause(), address));
            } else if (handshake == null) {
                ended(made, null);
            } else if (over) {
                made.channel().close().addListener(Closed.OBSERVED);
            } else {
                handshake.within(Duration.ofMillis(millisLeft()));
            }
        }

        @Override
        public void secured(@Nullable Instant certificateEnds) {
            ended(Objects.requireNonNull(connecting, "connecting"), null);
        }

        @Override
        public void failed(TlsFault fault) {
            if (connecting != null && connecting.isSuccess()) {
                ended(connecting, new Fault(address, fault.failure(), fault.why()));
            }
        }

        private void ended(ChannelFuture made, @Nullable Fault fault) {
            AddressRace.this.ended(made, address, tls == null, fault);
        }
    }

    private @Nullable SocketAddress next() {
        for (SocketAddress address : server.addresses()) {
            if (!tried.contains(address)) {
                return address;
            }
        }
        return null;
    }

    private ChannelFuture connect(Try one) {
        Bootstrap made = new Bootstrap()
                .group(sockets.loop())
                .option(ChannelOption.RECVBUF_ALLOCATOR, sockets.reads())
                // A server that answers an upload early, and closes, resets what we still write. Its answer came
                // before.
                .option(ChannelOption.AUTO_CLOSE, false)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(millisLeft()))
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        one.prepare(channel);
                    }
                });
        return sockets.types().connect(made, way.where.apply(one.address));
    }

    private long millisLeft() {
        // 0 would be no limit at all.
        return Math.max(
                1,
                TimeUnit.NANOSECONDS.toMillis(
                        deadlineNanos - sockets.loop().ticker().nanoTime()));
    }

    // ---- what takes its time

    private void waits(Runnable then) {
        rest();
        long headStart = timeout.toMillis() / Math.max(2, server.addresses().size() + 1);
        timer = sockets.loop()
                .schedule(then, Math.max(1, Math.min(HEAD_START_MILLIS, headStart)), TimeUnit.MILLISECONDS);
    }

    private void rest() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void isSlow() {
        timer = null;
        if (!over && !goesOn() && !doubted) {
            doubt();
        }
    }

    /** Perhaps it is somewhere else. Nobody waits longer than for an address. */
    private void doubt() {
        doubted = true;
        awaitsName = true;
        if (running.isEmpty()) {
            waits(this::knowsEnough);
        }
        server.doubt(() -> sockets.loop().execute(this::knowsEnough));
    }

    private void knowsEnough() {
        if (over) {
            return;
        }
        awaitsName = false;
        if (!goesOn() && running.isEmpty()) {
            lose();
        }
    }

    // ---- what comes of it

    private void ended(ChannelFuture made, SocketAddress address, boolean isPlain, @Nullable Fault fault) {
        running.remove(made);
        if (over) {
            if (made.isSuccess()) {
                made.channel().close().addListener(Closed.OBSERVED);
            }
            return;
        }
        if (fault == null) {
            win(made, address, isPlain);
            return;
        }
        faults.add(fault);
        if (goesOn() || !running.isEmpty()) {
            return;
        }
        if (!doubted && server.mayMove()) {
            doubt();
        } else if (awaitsName) {
            waits(this::knowsEnough);
        } else {
            lose();
        }
    }

    private void win(ChannelFuture made, SocketAddress address, boolean isPlain) {
        end(made);
        if (tried.size() > 1) {
            server.answersAt(address);
        }
        if (way.preamble != null && isPlain) {
            // Goes out with what comes first; a failure comes back as an exception of the channel.
            Channel channel = made.channel();
            var unused = channel.write(way.preamble.bytes(channel.alloc()), channel.voidPromise());
        }
        outcome.connected(made.channel());
    }

    private void end(@Nullable ChannelFuture winner) {
        over = true;
        rest();
        for (ChannelFuture other : List.copyOf(running)) {
            if (!other.equals(winner) && !other.cancel(false)) {
                // Connected, and in the middle of its handshake.
                other.channel().close().addListener(Closed.OBSERVED);
            }
        }
    }

    private Fault fault(Throwable cause, SocketAddress address) {
        MachineErrors.check(cause);
        String message = String.valueOf(cause.getMessage());
        if (cause instanceof ConnectTimeoutException) {
            return new Fault(address, ByServer.CONNECT_TIMEOUT, "no answer within " + timeout.toMillis() + " ms");
        }
        if (cause instanceof NoRouteToHostException) {
            return new Fault(address, ByServer.NO_ROUTE_TO_SERVER, "no route to it");
        }
        String ofItsPath = SocketTypes.fault(address, cause);
        if (ofItsPath != null) {
            return new Fault(address, ByServer.CONNECT_FAILED, ofItsPath);
        }
        if (cause instanceof ConnectException && !message.contains("assign requested address")) {
            return message.contains("refused")
                    ? new Fault(address, ByServer.CONNECT_REFUSED, "refused")
                    : new Fault(address, ByServer.CONNECT_FAILED, message);
        }
        return new Fault(address, null, cause.toString());
    }

    private void lose() {
        end(null);
        if (faults.isEmpty()) {
            outcome.refused(ByServer.NAME_UNRESOLVED, "name does not resolve");
            return;
        }
        String why = "connect: "
                + (server.mayMove()
                        ? faults.stream()
                                .map(fault -> SocketTypes.text(fault.address) + ": " + fault.why)
                                .collect(Collectors.joining(", "))
                        : faults.get(0).why);
        ByServer failure = null;
        for (Fault fault : faults) {
            failure = fault.failure == null ? failure : fault.failure;
        }
        if (failure == null) {
            outcome.impossible(why);
        } else {
            outcome.refused(failure, why);
        }
    }
}
