package dev.postern.app;

import com.google.gson.JsonObject;
import dev.postern.backend.BackendWatch.Surroundings;
import dev.postern.backend.ServerBudget;
import dev.postern.balance.LoadBalancer;
import dev.postern.config.Configuration;
import dev.postern.config.Listeners;
import dev.postern.config.Site;
import dev.postern.http.coding.ContentCoders;
import dev.postern.http.exchange.ExchangeObserver;
import dev.postern.http.exchange.RateLimiter;
import dev.postern.http.exchange.Routing;
import dev.postern.http.exchange.TowardsServers;
import dev.postern.http.exchange.Worker;
import dev.postern.http.step.AnswerHttp01Challenge;
import dev.postern.http.step.Logins;
import dev.postern.http.step.RelayAcmeChallenge;
import dev.postern.identity.ClientAuthorities;
import dev.postern.listener.CannotListen;
import dev.postern.listener.ConnectionLimit;
import dev.postern.listener.ConnectionsPerClient;
import dev.postern.listener.GivenSockets;
import dev.postern.listener.Listener;
import dev.postern.listener.Pipelines;
import dev.postern.listener.Transport;
import dev.postern.machine.MemoryGuard;
import dev.postern.route.SiteRoutes;
import dev.postern.status.LastReload;
import dev.postern.tls.ServerContexts;
import dev.postern.tunnel.PassageObserver;
import dev.postern.tunnel.Passages;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Everything that a request passes, put together: listeners, event loops with their workers, routes, backends. The first
 * configuration is put in place like every other: prepared, then committed. Prepared by one thread at a time.
 */
final class RequestPath implements AutoCloseable {
    /** Challenges that are relayed to the side port at once; each takes two descriptors of what is kept back. */
    private static final int MAX_RELAYED = 48;

    private static final int MAX_RELAYED_PER_CLIENT = 16;

    /** Event loops never wait, so that it takes them a moment only. */
    private static final long FOLLOW_SECONDS = 10;

    private static final long CLOSE_SECONDS = 1;

    private final Transport transport;
    private final GivenSockets given;
    private final Map<EventLoop, Worker> workers = new HashMap<>();
    private final AtomicReference<Routing> routing;
    private final ConnectionLimit limit;
    private final ServerBudget servers;
    private final ConnectionsPerClient perClient = new ConnectionsPerClient();
    private final RateLimiter rates = new RateLimiter(new SecureRandom());
    private final Backends backends;
    private final ClientAuthorities clients;
    /** A quarter of the cores for passwords, so that whoever guesses them leaves the others alone. Idle, it has no thread. */
    private final ExecutorService logins =
            Threads.fixed(Math.max(1, Runtime.getRuntime().availableProcessors() / 4), "logins");

    private final Listener challenge;
    private final WebListeners web;
    private final Listener admin;
    private final TcpServices tcp;
    private final Worker adminWorker;
    private final AdminDesk desk;
    private final TicketKeyLife ticketKeys;

    /** Accepts nothing yet. */
    RequestPath(
            Configuration config,
            Transport transport,
            List<EventLoop> loops,
            CertificateCare care,
            Observation observation,
            InstantSource clock,
            ScheduledExecutorService background,
            MemoryGuard memory,
            AtomicReference<@Nullable LastReload> lastReload,
            Inheritance inheritance) {
        this.transport = transport;
        this.given = inheritance.sockets();
        this.limit = new ConnectionLimit(Descriptors.clients(config.limits()));
        SecureRandom random = new SecureRandom();
        this.servers = new ServerBudget(
                Descriptors.servers(config.limits()), Descriptors.serversPerClient(config.limits()), random.nextLong());
        this.backends = new Backends(
                new Surroundings(loops.get(0), transport.sockets(), transport.datagrams(), servers),
                config,
                clock,
                background);
        this.clients = ClientAuthorities.watching(background, clock);
        Function<String, ServerContexts> contexts = listener -> {
            ServerContexts made = new ServerContexts(
                    care.certificates(),
                    care.alpnChallenges(),
                    clients,
                    config.tls(),
                    List.of(),
                    observation.handshakes());
            made.takeTicketKeys(inheritance.ticketKeys(listener));
            return made;
        };
        this.routing = new AtomicReference<>(Routings.of(
                config, Map.of(), new Routing.Plaintext(Backends.sidePort(List.of()), false, List.of()), rates));
        TowardsServers.Budgets budgets = new TowardsServers.Budgets(
                servers,
                new ServerBudget(MAX_RELAYED, MAX_RELAYED_PER_CLIENT, random.nextLong()),
                () -> workers.values().forEach(worker -> worker.servers().letGo()));
        Worker.Shared shared = new Worker.Shared(
                routing, clock, new TowardsServers.Shared(transport.sockets(), Pipelines.toServers(), budgets), memory);
        makeWorkers(loops, shared, observation);
        Pipelines pipelines = new Pipelines(
                new RelayAcmeChallenge(care.challenges()),
                new AnswerHttp01Challenge(care.challenges()),
                new Logins(logins, new SecureRandom()),
                perClient,
                memory);
        // The side port and the admin listener are ours alone: a full house must not keep a CA, or an operator, from
        // being answered. Both have room for a few, and for whoever comes next.
        this.challenge = listener("challenge", loops, List.of(), pipelines::challenge);
        Map<Worker, Passages> passages = new HashMap<>();
        workers.forEach((loop, worker) -> passages.put(worker, passages(worker, observation.passagesOf(loop))));
        this.web = new WebListeners(
                new WebListeners.Maker() {
                    @Override
                    public Listener plaintext(String name) {
                        return listener(name, loops, List.of(limit), worker -> pipelines.http(name, worker));
                    }

                    @Override
                    public Listener tls(String name, ServerContexts own) {
                        return listener(
                                name,
                                loops,
                                List.of(limit),
                                worker -> pipelines.https(
                                        name, own, worker, Objects.requireNonNull(passages.get(worker), "passages")));
                    }
                },
                contexts);
        this.tcp = new TcpServices(
                (entry, named) -> listener(
                        named.name(),
                        loops,
                        List.of(limit, named.own()),
                        worker ->
                                pipelines.tcp(worker, Objects.requireNonNull(passages.get(worker), "passages"), entry)),
                contexts);
        PathGauges gauges = new PathGauges(
                routing,
                () -> Stream.of(web.listeners(), Stream.of(challenge), tcp.listeners())
                        .flatMap(all -> all),
                limit,
                perClient,
                memory,
                servers,
                web::ticketsOpened,
                clients,
                workers.values(),
                care);
        this.desk = new AdminDesk(
                new PictureSubject(gauges, limit, observation, loops.size(), clock.instant(), lastReload),
                observation.metrics(gauges),
                care::status,
                care.operations(),
                clock);
        // A worker of its own: it is not drained, for whoever looks wants to see how that goes, and is not observed.
        this.adminWorker = new Worker(loops.get(0), shared, 1, "admin-", ExchangeObserver.NONE);
        this.admin = new Listener(
                "admin",
                transport,
                loops.subList(0, 1),
                List.of(),
                given,
                loop -> pipelines.admin(adminWorker, desk.pages()));
        this.ticketKeys = new TicketKeyLife(web, tcp, inheritance.ticketKeyAge(), background);
    }

    private void makeWorkers(List<EventLoop> loops, Worker.Shared shared, Observation observation) {
        String process = HexFormat.of().toHexDigits(new SecureRandom().nextInt());
        int maxIdle = maxIdle(loops.size());
        for (EventLoop loop : loops) {
            String prefix = process + HexFormat.of().toHexDigits((byte) workers.size());
            workers.put(loop, new Worker(loop, shared, maxIdle, prefix, observation.of(loop)));
        }
    }

    private static Passages passages(Worker worker, PassageObserver observer) {
        TowardsServers servers = worker.servers();
        return new Passages(
                servers.sockets(),
                servers.room(),
                worker.tunnels(),
                worker.connections(),
                worker.ids()::next,
                observer);
    }

    private Listener listener(
            String name,
            List<EventLoop> loops,
            List<ConnectionLimit> admission,
            Function<Worker, ChannelInitializer<Channel>> pipeline) {
        return new Listener(
                name,
                transport,
                loops,
                admission,
                given,
                loop -> pipeline.apply(Objects.requireNonNull(workers.get(loop), "worker")));
    }

    // ---- another configuration

    /**
     * Gets everything ready for {@code next}: addresses that are new are bound, names of new servers asked for. Blocks.
     *
     * @throws CannotListen where an address cannot be bound; then nothing has changed
     */
    Prepared prepare(Configuration next) throws CannotListen {
        if (next.sites().stream().anyMatch(RequestPath::compresses)) {
            var unused = ContentCoders.load();
        }
        Backends.Next newBackends = backends.next(next);
        List<Listener.Next> bound = new ArrayList<>();
        WebListeners.@Nullable Next newWeb = null;
        try {
            Listener.Next side = challenge.bind(next.sidePort(), ours());
            bound.add(side);
            Listeners.Admin wanted = next.listeners().admin();
            bound.add(admin.bind(wanted == null ? List.of() : wanted.bind(), ours()));
            newWeb = web.next(next, this::ours);
            TcpServices.Next services = tcp.next(next, newBackends.all(), ours());
            Routing before = Routings.of(
                    next,
                    newBackends.all(),
                    new Routing.Plaintext(Backends.sidePort(side.addresses()), newWeb.isAt80(), List.of()),
                    rates);
            return new NextPath(
                    this,
                    next,
                    newBackends,
                    before.listeningAt(newWeb.https(before.entrances())),
                    newWeb,
                    services,
                    List.copyOf(bound));
        } catch (CannotListen e) {
            if (newWeb != null) {
                newWeb.abandon();
            }
            bound.forEach(Listener.Next::abandon);
            throw e;
        }
    }

    /** @param path that it is of */
    private record NextPath(
            RequestPath path,
            Configuration config,
            Backends.Next newBackends,
            Routing newRouting,
            WebListeners.Next newWeb,
            TcpServices.Next services,
            List<Listener.Next> listeners)
            implements Prepared {
        @Override
        public void commit() {
            path.desk.pages().follow(config.listeners().admin());
            path.limit.max(Descriptors.clients(config.limits()));
            path.servers.limit(Descriptors.servers(config.limits()), Descriptors.serversPerClient(config.limits()));
            // Before the routes that go by it: whoever was asked for less by then is sent away.
            path.clients.follow(config.sites());
            newWeb.commit();
            newBackends.commit();
            LoadBalancer sidePortBefore =
                    path.routing.getAndSet(newRouting).plaintext().sidePort();
            services.commit();
            newBackends.retire();
            sidePortBefore.backend().retire();
            List<Future<?>> following = new ArrayList<>();
            int maxIdle = path.maxIdle(path.workers.size());
            path.workers.values().forEach(worker -> following.add(worker.follow(maxIdle)));
            following.add(path.adminWorker.follow(1));
            following.forEach(one -> one.awaitUninterruptibly(FOLLOW_SECONDS, TimeUnit.SECONDS));
            listeners.forEach(Listener.Next::open);
            newWeb.open();
            services.open();
        }

        @Override
        public void abandon() {
            listeners.forEach(Listener.Next::abandon);
            newWeb.abandon();
            services.abandon();
        }
    }

    /** What the admin listener shows and does. */
    AdminDesk desk() {
        return desk;
    }

    /** By which requests are decided now. Any thread. */
    Routing routing() {
        return routing.get();
    }

    private static boolean compresses(Site site) {
        return site.settings().compression() != null
                || site.routes().stream().anyMatch(route -> route.settings().compression() != null);
    }

    private int maxIdle(int loops) {
        return Math.max(1, Math.min(limit.max(), servers.max()) / Descriptors.IDLE_SHARE / loops);
    }

    // ---- what there is

    private Stream<Listener> listeners() {
        return Stream.of(Stream.of(challenge, admin), web.listeners(), tcp.listeners())
                .flatMap(all -> all);
    }

    private List<InetSocketAddress> ours() {
        return Stream.concat(
                        listeners().flatMap(listener -> listener.addresses().stream()),
                        given.left().stream().map(GivenSockets.Given::address))
                .toList();
    }

    /**
     * Sends all listening sockets to another process, which may accept there from then on, as we go on doing; as {@link
     * Inheritance#send}.
     */
    JsonObject handOver(String inbox) throws IOException {
        return Inheritance.send(inbox, listeners(), ticketKeys);
    }

    /** Where the listener of HTTP of this name is bound; none where there is none. */
    List<InetSocketAddress> webAddresses(String listener) {
        return web.addresses(listener);
    }

    List<InetSocketAddress> challengeAddresses() {
        return challenge.addresses();
    }

    /** Where the service of layer 4 of this name listens; none where there is none. */
    List<InetSocketAddress> tcpAddresses(String service) {
        return tcp.addresses(service);
    }

    /** Empty where there is no admin listener. */
    List<InetSocketAddress> adminAddresses() {
        return admin.addresses();
    }

    /** Where clients of this server name come to over TLS now, and from where they have to begin with a PROXY header. Any thread. */
    SelfHandshake.Door doorFor(String serverName) {
        Routing now = routing.get();
        SiteRoutes site = now.routes().site(serverName);
        Routing.HttpsPort there = site == null ? null : now.plaintext().https(site, serverName);
        String name = there == null ? Listeners.HTTPS : there.listener();
        return new SelfHandshake.Door(web.addresses(name), now.entrance(name).proxies());
    }

    int openConnections() {
        return limit.open();
    }

    int maxConnections() {
        return limit.max();
    }

    /** Connections to servers, and how many there may be. */
    ServerBudget servers() {
        return servers;
    }

    // ---- the end

    /** Whoever asks whether we are ready hears that we are not; everybody is served as before. */
    void unready() {
        desk.pages().drain();
    }

    /**
     * Accepts no more, and lets exchanges under way be the last ones of their connections.
     *
     * @param grace how long they have
     * @param slowly whether another process serves in our place, and is who shows how it is
     */
    void drain(Duration grace, boolean slowly) {
        unready();
        web.close();
        challenge.close();
        tcp.close();
        if (slowly) {
            admin.close();
        }
        workers.values().forEach(worker -> worker.drain(grace, slowly));
    }

    /** Closes whatever is left. */
    @Override
    public void close() {
        web.close();
        challenge.close();
        tcp.close();
        List<Future<?>> closing = new ArrayList<>();
        workers.values().forEach(worker -> closing.add(worker.closeAll()));
        admin.close();
        closing.add(adminWorker.closeAll());
        desk.close();
        backends.close();
        logins.shutdownNow();
        closing.forEach(one -> one.awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS));
    }

    /** Lets go what the event loops may have used until they ended. */
    void loopsEnded() {
        web.loopsEnded();
        tcp.loopsEnded();
    }
}
