package dev.postern.app;

import dev.postern.app.CannotStart.Reason;
import dev.postern.backend.Backend;
import dev.postern.backend.BackendWatch;
import dev.postern.balance.LoadBalancer;
import dev.postern.certificate.CertificateOperations;
import dev.postern.certificate.CertificateStatus;
import dev.postern.certificate.CertificateStore;
import dev.postern.config.BindAddress;
import dev.postern.config.Configuration;
import dev.postern.config.Configuration.Balance;
import dev.postern.config.Configuration.Protocol;
import dev.postern.config.Durations;
import dev.postern.control.ControlCommands;
import dev.postern.http.AnswerHttp01Challenge;
import dev.postern.http.RelayAcmeChallenge;
import dev.postern.http.Routing;
import dev.postern.http.Worker;
import dev.postern.listener.CannotListen;
import dev.postern.listener.ConnectionLimit;
import dev.postern.listener.Listener;
import dev.postern.listener.Pipelines;
import dev.postern.listener.Transport;
import dev.postern.listener.Transport.EventLoops;
import dev.postern.route.RouteTable;
import dev.postern.tls.ServerContexts;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole program: everything is made here, with plain constructors, and given what it needs. {@link #start} serves
 * from the store first and looks after the certificates then; {@link #close} drains.
 */
public final class Edge implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Edge.class);

    private static final Duration TICKET_KEY_LIFE = Duration.ofHours(12);

    /** For everything that is neither a client nor its server: listeners, jars, the store, orders. */
    private static final long RESERVED_DESCRIPTORS = 256;

    /** One idle server connection may be kept for so many clients. */
    private static final int IDLE_SHARE = 4;

    /** How often a drain looks whether the last client has gone. */
    private static final long DRAIN_STEP_MILLIS = 20;

    private final Configuration config;
    private final InstantSource clock;
    private final Transport transport = Transport.best();
    private final EventLoops loops;
    private final ScheduledExecutorService background;
    private final ConnectionLimit limit;
    private final CertificateCare care;
    private final Map<EventLoop, Worker> workers = new HashMap<>();
    private final Listener challenge;
    private final Listener https;
    private final Listener http;
    /** What {@link #close} ends in the end, the last one first. */
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    /** What {@link #close} ends before it drains, the last one first. */
    private final Deque<AutoCloseable> acceptors = new ArrayDeque<>();

    /** @param schedule null for {@link #maintain}: nothing is done but what is asked for */
    private Edge(Configuration config, @Nullable Properties schedule, InstantSource clock) throws CannotStart {
        this.config = config;
        this.clock = clock;
        this.loops = transport.loops(Runtime.getRuntime().availableProcessors(), Threads.named("edge-io"));
        opened.push(
                () -> loops.group().shutdownGracefully(0, 1, TimeUnit.SECONDS).await(2, TimeUnit.SECONDS));
        this.background = Executors.newSingleThreadScheduledExecutor(Threads.named("background"));
        opened.push(background::shutdownNow);
        this.limit = new ConnectionLimit(config.limits().connections().orElseGet(Edge::affordableConnections));
        try {
            this.care = new CertificateCare(config, schedule, clock, background);
            opened.push(care);
            acceptors.push(care::stop);
            Map<String, LoadBalancer> backends = backends();
            makeWorkers(backends);
            ServerContexts contexts = new ServerContexts(
                    care.certificates(),
                    care.alpnChallenges(),
                    config.tls(),
                    config.listeners().https().protocols().stream()
                            .map(Protocol::text)
                            .toList());
            Pipelines pipelines = new Pipelines(config, contexts, new AnswerHttp01Challenge(care.challenges()));
            // Names are asked for before anything is bound: the resolver may take its time.
            watch(backends);
            // The side port is ours alone: a full house must not keep a CA from being answered.
            ConnectionLimit unlimited = new ConnectionLimit(Integer.MAX_VALUE);
            this.challenge = bind("challenge", config.listeners().challenge().bind(), unlimited, pipelines::challenge);
            this.https = bind("https", config.listeners().https().bind(), limit, pipelines::https);
            int httpsPort = https.addresses().get(0).getPort();
            RelayAcmeChallenge relay = new RelayAcmeChallenge(sidePort(challenge.addresses()));
            this.http = bind(
                    "http",
                    config.listeners().http().bind(),
                    limit,
                    worker -> pipelines.http(worker, relay, httpsPort));
            challenge.open();
            https.open();
            http.open();
            var unused = background.scheduleAtFixedRate(
                    contexts::rotateTicketKeys,
                    TICKET_KEY_LIFE.toSeconds(),
                    TICKET_KEY_LIFE.toSeconds(),
                    TimeUnit.SECONDS);
            care.start(https.addresses().get(0));
        } catch (CannotListen e) {
            abandon();
            throw new CannotStart(Reason.UNAVAILABLE, e);
        } catch (IOException e) {
            abandon();
            throw new CannotStart(CertificateStore.isPassing(e) ? Reason.UNAVAILABLE : Reason.CONFIGURATION, e);
        } catch (IllegalArgumentException e) {
            abandon();
            throw new CannotStart(Reason.CONFIGURATION, e);
        } catch (CannotStart | RuntimeException e) {
            abandon();
            throw e;
        }
    }

    /**
     * Starts, or fails with everything undone.
     *
     * @param schedule when the certificates are looked after: the content of {@code cron/quartz.properties}
     */
    public static Edge start(Configuration config, Properties schedule, InstantSource clock) throws CannotStart {
        Edge edge = new Edge(config, schedule, clock);
        log.info(
                "ready: {}, {}, at most {} connections; {}",
                count(config.sites().size(), "site"),
                count(config.backends().size(), "backend"),
                edge.limit.max(),
                String.join(", ", Versions.lines()));
        return edge;
    }

    /**
     * Starts for one command: holds the store and answers CAs, but orders nothing that is not asked for, and takes no
     * commands from others.
     */
    static Edge maintain(Configuration config, InstantSource clock) throws CannotStart {
        return new Edge(config, null, clock);
    }

    /** What an operator may ask for, and gets done. */
    ControlCommands commands() {
        return care.commands();
    }

    /** Waits until the operator's hooks have been told of what was done. */
    void awaitHooks(Consumer<String> progress) throws InterruptedException {
        care.awaitHooks(progress);
    }

    /** What there is and what is due, site by site. */
    public List<CertificateStatus> certificates() {
        return care.status();
    }

    /** What an operator may ask of their care. */
    public CertificateOperations operations() {
        return care.operations();
    }

    // ---- the request path

    private Map<String, LoadBalancer> backends() {
        Map<String, LoadBalancer> backends = new HashMap<>();
        config.backends()
                .forEach((name, backend) ->
                        backends.put(name, new LoadBalancer(new Backend(backend), backend.balance())));
        return backends;
    }

    private void makeWorkers(Map<String, LoadBalancer> backends) {
        AtomicReference<Routing> routing = new AtomicReference<>(new Routing(
                RouteTable.of(config.sites()), backends, config.trustedProxies(), config.timeouts(), config.limits()));
        int maxIdle = Math.max(1, limit.max() / IDLE_SHARE / loops.all().size());
        String process = HexFormat.of().toHexDigits(new SecureRandom().nextInt());
        for (EventLoop loop : loops.all()) {
            String prefix = process + HexFormat.of().toHexDigits((byte) workers.size());
            workers.put(loop, new Worker(loop, transport.channel(), routing, clock, maxIdle, prefix));
        }
    }

    private Listener bind(
            String name,
            List<BindAddress> binds,
            ConnectionLimit admission,
            Function<Worker, ChannelInitializer<Channel>> pipeline)
            throws CannotListen {
        Listener listener =
                Listener.bind(name, binds, transport, loops.all(), admission, loop -> pipeline.apply(worker(loop)));
        acceptors.push(listener);
        return listener;
    }

    private Worker worker(EventLoop loop) {
        return java.util.Objects.requireNonNull(workers.get(loop), "worker");
    }

    /** The side port as a backend, which the http listener relays challenges to like any other request. */
    private LoadBalancer sidePort(List<InetSocketAddress> addresses) {
        List<Configuration.Server> servers = addresses.stream()
                .map(address -> new Configuration.Server(host(address.getAddress()), address.getPort(), 1))
                .toList();
        return new LoadBalancer(
                new Backend(new Configuration.Backend("challenge", Balance.ROUND_ROBIN, servers, null)),
                Balance.ROUND_ROBIN);
    }

    private static String host(InetAddress bound) {
        return bound.isAnyLocalAddress() ? InetAddress.getLoopbackAddress().getHostAddress() : bound.getHostAddress();
    }

    private void watch(Map<String, LoadBalancer> backends) {
        List<Backend> all =
                backends.values().stream().map(LoadBalancer::backend).toList();
        opened.push(BackendWatch.start(
                all,
                loops.all().get(0),
                transport.channel(),
                config.timeouts().connect(),
                background,
                new SecureRandom()));
    }

    /** Each client may have a server connection, and for every {@link #IDLE_SHARE} clients one is kept idle. */
    private static int affordableConnections() {
        long descriptors = Descriptors.max() - RESERVED_DESCRIPTORS;
        return (int) Math.max(16, Math.min(Integer.MAX_VALUE, descriptors * IDLE_SHARE / (2 * IDLE_SHARE + 1)));
    }

    public List<InetSocketAddress> httpAddresses() {
        return http.addresses();
    }

    public List<InetSocketAddress> httpsAddresses() {
        return https.addresses();
    }

    public List<InetSocketAddress> challengeAddresses() {
        return challenge.addresses();
    }

    /** Client connections open now. */
    public int openConnections() {
        return limit.open();
    }

    // ---- the end

    /**
     * Accepts no more, lets exchanges under way finish for as long as {@code grace} allows, then closes what is left.
     * Orders under way are interrupted; their journal stays. Hooks have the same time, beside the exchanges. Blocks.
     */
    @Override
    public void close() {
        closeAll(acceptors);
        workers.values().forEach(Worker::drain);
        int left = limit.open();
        if (left > 0) {
            log.info(
                    "stopping: {} open; waiting up to {} for exchanges to end",
                    count(left, "connection"),
                    Durations.text(config.grace()));
        }
        awaitClients(config.grace());
        left = limit.open();
        if (left > 0) {
            log.warn(
                    "stopping: {} still open after {}; closed",
                    count(left, "connection"),
                    Durations.text(config.grace()));
        }
        workers.values().forEach(Worker::closeAll);
        closeAll(opened);
        log.info("stopped");
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    private void awaitClients(Duration grace) {
        long end = System.nanoTime() + grace.toNanos();
        try {
            while (limit.open() > 0 && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(DRAIN_STEP_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void abandon() {
        closeAll(acceptors);
        closeAll(opened);
    }

    static void closeAll(Deque<AutoCloseable> all) {
        while (!all.isEmpty()) {
            try {
                all.pop().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                log.warn("stopping: {}", e.toString());
            }
        }
    }
}
