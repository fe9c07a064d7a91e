package dev.postern.backend;

import dev.postern.backend.Server.State;
import dev.postern.config.Health;
import dev.postern.config.ServerProtocol;
import dev.postern.machine.MachineErrors;
import dev.postern.trust.ServerHandshake;
import dev.postern.trust.Speech;
import dev.postern.trust.TlsFault;
import dev.postern.trust.TlsToServers;
import dev.postern.wire.SocketTypes;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the servers how they are. With {@code health} configured: an HTTP request every {@code interval} (±10 %, so that
 * checks of many servers do not march in step); {@code fall} bad answers in a row take a server out, {@code rise} good
 * ones bring it back. Without: a server that refused a connection is tried with a bare connection every second until
 * it accepts one. Runs on one event loop; a check is a connection of its own, closed after the status line.
 */
final class HealthChecks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HealthChecks.class);

    private static final Duration RETRY_REFUSED = Duration.ofSeconds(1);

    private final EventLoop loop;
    private final SocketTypes sockets;
    private final RandomGenerator random;
    private final ServerBudget budget;
    // On the loop only.
    private final Map<Server, Check> checks = new HashMap<>();
    private Duration connectTimeout = Duration.ofSeconds(3);
    // Written by close on any thread; read on the loop.
    private volatile boolean closed;

    /** @param budget counts the checks, and refuses none: there are no more of them than servers */
    HealthChecks(EventLoop loop, SocketTypes sockets, RandomGenerator random, ServerBudget budget) {
        this.budget = budget;
        this.loop = loop;
        this.random = random;
        this.sockets = sockets;
    }

    /**
     * Watches the servers of these; goes on with those it watches already, and ends with those that have retired. Any
     * thread.
     */
    void follow(Collection<Backend> backends, Duration timeout) {
        onLoop(() -> {
            connectTimeout = timeout;
            follow(backends);
        });
    }

    private void follow(Collection<Backend> backends) {
        checks.keySet().removeIf(Server::isRetired);
        for (Backend backend : backends) {
            for (Server server : backend.servers()) {
                Check known = checks.get(server);
                if (known == null) {
                    Check check = new Check(backend, server);
                    checks.put(server, check);
                    check.begin();
                } else {
                    known.follow();
                }
            }
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    /** A channel that could not even be made reports its failure on a thread of nobody's. */
    private void onLoop(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }

    /** What the checks of one address have found, in a row. */
    private static final class Row {
        int good;
        int bad;
    }

    /** The checks of one server, at all of its addresses. On the loop only. */
    private final class Check {
        private final Backend backend;
        private final Server server;
        private final Map<SocketAddress, Row> rows = new HashMap<>();
        private @Nullable Health followed;
        private @Nullable ScheduledFuture<?> next;
        /** Addresses that have not answered yet. */
        private int pending;
        /** What would take the server down, unless an address that has not answered yet is well. */
        private final List<Runnable> findings = new ArrayList<>(1);

        Check(Backend backend, Server server) {
            this.backend = backend;
            this.server = server;
        }

        /** The first checks are spread over an interval as well. */
        void begin() {
            followed = backend.health();
            schedule(Duration.ofNanos((long) (interval().toNanos() * random.nextDouble())));
        }

        /** Goes on as it is now configured to, and where that is new, does not wait for the end of the old interval. */
        void follow() {
            if (!Objects.equals(followed, backend.health())) {
                rows.clear();
                if (next == null || next.cancel(false)) {
                    begin();
                }
            }
        }

        Duration interval() {
            Health health = backend.health();
            return health == null ? RETRY_REFUSED : health.interval();
        }

        void schedule(Duration delay) {
            next = loop.schedule(this::run, delay.toNanos(), TimeUnit.NANOSECONDS);
        }

        void again() {
            schedule(Duration.ofNanos((long) (interval().toNanos() * (0.9 + 0.2 * random.nextDouble()))));
        }

        /** One address has answered. */
        void answered() {
            if (--pending == 0) {
                findings.forEach(Runnable::run);
                findings.clear();
                again();
            }
        }

        void run() {
            if (closed || server.isRetired() || loop.isShuttingDown()) {
                return;
            }
            try {
                check();
            } catch (RuntimeException | Error e) {
                // Whatever it was: a server that is never checked again would stay down for ever.
                MachineErrors.check(e);
                LOG.error("backend {}: server {}: health check: bug", backend.name(), server, e);
                again();
            }
        }

        private void check() {
            Health health = backend.health();
            List<SocketAddress> addresses = server.everyAddress();
            if (health == null && (server.state() != State.REFUSING || addresses.isEmpty())) {
                again();
                return;
            }
            rows.keySet().removeIf(address -> !isNowhere(address) && !addresses.contains(address));
            pending = Math.max(1, addresses.size());
            if (health != null && addresses.isEmpty()) {
                SocketAddress nowhere = InetSocketAddress.createUnresolved(
                        server.config().host(), server.config().port());
                answered(health, nowhere, "health check: name does not resolve");
            }
            for (SocketAddress address : addresses) {
                if (health == null) {
                    knock(address);
                } else if (health.type() == Health.Type.TCP && health.dialogue().isEmpty()) {
                    accepts(health, address);
                } else if (health.type() == Health.Type.TCP) {
                    converse(health, address);
                } else {
                    ask(health, address);
                }
            }
        }

        private static boolean isNowhere(SocketAddress address) {
            return address instanceof InetSocketAddress inet && inet.isUnresolved();
        }

        private void knock(SocketAddress address) {
            Verdict verdict = new Verdict(connectTimeout, fault -> {
                if (fault == null) {
                    backend.connected(server);
                }
                answered();
            });
            begin(Speech.ANY, new Greeting(verdict), verdict, connectTimeout, address);
        }

        /** A connection that is accepted is enough, and over TLS one that is to whom it should be. */
        private void accepts(Health health, SocketAddress address) {
            Verdict verdict = new Verdict(health.timeout(), fault -> answered(health, address, fault));
            begin(Speech.ANY, new Greeting(verdict), verdict, health.timeout(), asked(health, address));
        }

        private void ask(Health health, SocketAddress address) {
            boolean http2 = backend.protocol() == ServerProtocol.H2C;
            Verdict verdict = new Verdict(health.timeout(), outcome -> heard(health, address, outcome));
            Answer answer = new Answer(health, server, http2, verdict);
            ChannelHandler question =
                    http2 ? new Http2Question(health, answer.authority(), answer, answer::status) : answer;
            Speech speech = http2 ? Speech.HTTP_2 : Speech.HTTP_1;
            begin(speech, question, verdict, health.timeout(), asked(health, address));
        }

        private void converse(Health health, SocketAddress address) {
            Verdict verdict = new Verdict(health.timeout(), fault -> answered(health, address, fault));
            Conversation conversation = new Conversation(health.dialogue(), verdict);
            begin(Speech.ANY, conversation, verdict, health.timeout(), asked(health, address));
        }

        private void begin(
                Speech speech, ChannelHandler question, Verdict verdict, Duration timeout, SocketAddress address) {
            Bootstrap made = new Bootstrap()
                    .group(loop)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.toIntExact(timeout.toMillis()))
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel connection) {
                            budget.count(connection);
                            greet(speech, connection, verdict);
                            connection.pipeline().addLast(question);
                        }
                    });
            ChannelFuture connecting = sockets.connect(made, address);
            verdict.limit(loop, connecting.channel());
            connecting.addListener((ChannelFuture connected) -> {
                if (!connected.isSuccess()) {
                    server.doubt(() -> {});
                    onLoop(() ->
                            verdict.finish(connected.channel(), notConnected(address, connected.cause(), timeout)));
                }
            });
        }

        /**
         * What comes before any question: a server that wants to be told whose connections are is told that this one is
         * nobody's, and one that has to prove who it is does.
         */
        private void greet(Speech speech, Channel connection, Verdict verdict) {
            if (backend.wantsPreamble()) {
                connection.pipeline().addLast(new SaidFirst(Unpooled.wrappedBuffer(ProxyPreamble.ofOurOwn())));
            }
            TlsToServers tls = server.tls();
            if (tls == null) {
                return;
            }
            ServerHandshake unused = server.secure(connection, tls, speech, new ServerHandshake.Outcome() {
                @Override
                public void secured(@Nullable Instant certificateEnds) {}

                @Override
                public void failed(TlsFault fault) {
                    verdict.finish(connection, "health check: connect: " + fault.why());
                }
            });
        }

        /** Where the server at {@code address} is asked how it is. */
        private static SocketAddress asked(Health health, SocketAddress address) {
            return health.port().isPresent() && address instanceof InetSocketAddress inet
                    ? new InetSocketAddress(inet.getAddress(), health.port().getAsInt())
                    : address;
        }

        /** In the words that a request which finds no connection leaves in the log. */
        private static String notConnected(SocketAddress address, Throwable cause, Duration timeout) {
            String ofItsPath = SocketTypes.fault(address, cause);
            String message = ofItsPath == null ? String.valueOf(cause.getMessage()) : ofItsPath;
            if (cause instanceof ConnectTimeoutException) {
                message = "no answer within " + timeout.toMillis() + " ms";
            } else if (cause instanceof NoRouteToHostException) {
                message = "no route to it";
            } else if (cause instanceof ConnectException && message.contains("refused")) {
                message = "refused";
            }
            return "health check: connect: " + message;
        }

        /** @param fault null where the server is well */
        private void heard(Health health, SocketAddress address, @Nullable String fault) {
            boolean drains = health.drainOn404() && fault != null && fault.equals(Answer.WANTS_TO_DRAIN);
            if (health.equals(backend.health()) && (fault == null || drains)) {
                backend.checkedDraining(server, drains);
            }
            answered(health, address, drains ? null : fault);
        }

        /** @param fault null where the server is well */
        private void answered(Health health, SocketAddress address, @Nullable String fault) {
            if (!health.equals(backend.health())) {
                // A reload asks for something else now, or for nothing.
                answered();
                return;
            }
            backend.checked(server, fault);
            Row row = rows.computeIfAbsent(address, a -> new Row());
            if (fault == null) {
                row.bad = 0;
                // Counted from when it went down, which a refused connection does between two checks.
                boolean isUp = server.state() == State.UP && !server.hasFailedAt(address);
                row.good = isUp ? 0 : row.good + 1;
                if (row.good >= health.rise()) {
                    backend.checkedUp(
                            server, address, row.good + (row.good == 1 ? " good health check" : " good health checks"));
                }
            } else {
                row.good = 0;
                if (++row.bad >= health.fall()) {
                    Runnable finding = () -> backend.checkedDown(server, address, fault);
                    if (pending > 1 && server.failsAtAllBut(address)) {
                        findings.add(finding);
                    } else {
                        finding.run();
                    }
                }
            }
            answered();
        }
    }
}
