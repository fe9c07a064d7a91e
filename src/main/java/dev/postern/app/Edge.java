package dev.postern.app;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.gson.JsonObject;
import dev.postern.app.CannotStart.Reason;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.operate.CertificateOperations;
import dev.postern.config.Configuration;
import dev.postern.config.Listeners;
import dev.postern.config.read.ConfigurationChange;
import dev.postern.control.ControlCommands;
import dev.postern.control.ControlFailure;
import dev.postern.explain.ExplainControl;
import dev.postern.listener.CannotListen;
import dev.postern.listener.DescriptorInbox;
import dev.postern.listener.Transport;
import dev.postern.listener.Transport.EventLoops;
import dev.postern.machine.MachineErrors;
import dev.postern.machine.MemoryGuard;
import dev.postern.machine.TlsLibrary;
import dev.postern.status.LastReload;
import dev.postern.status.ServerControl;
import io.netty.util.concurrent.Ticker;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole program: everything is made here, with plain constructors, and given what it needs. {@link #start} serves
 * from the store first and looks after the certificates then; {@link #close} drains.
 */
public final class Edge implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Edge.class);

    private final EventLoops loops;
    private final CertificateCare care;
    private final RequestPath path;
    private final Observation observation;
    private final MemoryGuard memory;
    private final OperatorAlerts alerts;
    /** What {@link #close} ends in the end, the last one first. */
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /** Held by whoever prepares another configuration, which may take long. */
    private final Object reloading = new Object();

    private final InstantSource clock;
    private final AtomicReference<@Nullable LastReload> lastReload = new AtomicReference<>();

    // Replaced under the monitor of this; read by any thread.
    private volatile Configuration config;

    // Set once; read by whoever closes it.
    private volatile boolean replaced;

    @GuardedBy("this") private boolean stopping;

    /**
     * @param schedule null for {@link #maintain}: nothing is done but what is asked for
     */
    private Edge(
            Configuration config,
            @Nullable Properties schedule,
            InstantSource clock,
            Ticker ticker,
            Hearing heard,
            Inheritance inheritance)
            throws CannotStart {
        this.config = config;
        this.clock = clock;
        // Before certificates are read: it says of each whether handshakes can be made with it.
        TlsLibrary.load();
        Transport transport = Transport.best();
        this.loops = transport.loops(Runtime.getRuntime().availableProcessors(), Threads.ofLoops("edge-io"), ticker);
        ScheduledExecutorService background = Threads.timer("background");
        this.observation = new Observation(loops.all(), clock, background);
        opened.push(observation);
        opened.push(
                () -> loops.group().shutdownGracefully(0, 1, TimeUnit.SECONDS).await(2, TimeUnit.SECONDS));
        opened.push(background::shutdownNow);
        this.memory = new MemoryGuard(background);
        opened.push(memory);
        long quiet = MemoryGuard.QUIET.toSeconds();
        var unused = background.scheduleWithFixedDelay(
                () -> memory.giveBack(MemoryGuard.QUIET), quiet, quiet, TimeUnit.SECONDS);
        try {
            // A store that is made, perhaps by another user, and not served from is in the way of the next start.
            FreeAddresses.require(config, inheritance.sockets());
            this.alerts = new OperatorAlerts(clock, background);
            opened.push(alerts);
            this.care = new CertificateCare(config, schedule, clock, background, alerts);
            opened.push(care);
            this.path = new RequestPath(
                    config,
                    transport,
                    loops.all(),
                    care,
                    observation,
                    clock,
                    background,
                    memory,
                    lastReload,
                    inheritance);
            opened.push(path);
            opened.addLast(path::loopsEnded);
            observation.prepare(config).commit();
            var unusedYet = care.schedule();
            Prepared listening = path.prepare(config);
            if (inheritance.replaces()) {
                // Whoever is accepted from now on is ours to serve.
                care.awaitFiles(heard.stopping());
            }
            listening.commit();
            // There are listeners while thousands of files are read.
            care.awaitFiles(heard.stopping());
            if (schedule != null) {
                alerts.begin(config.alerts(), care::status, path::routing, observation::droppedLines);
            }
            Hearing all = heard.with(this::explaining);
            path.desk().pages().follow(all.commands().apply(care.commands()));
            care.start(path::doorFor, all);
        } catch (CannotStart | CannotListen | IOException | IllegalArgumentException e) {
            closeAll(opened);
            throw because(e);
        } catch (RuntimeException e) {
            closeAll(opened);
            throw e;
        }
    }

    private static CannotStart because(Exception e) {
        if (e instanceof CannotStart known) {
            return known;
        }
        boolean passes =
                e instanceof CannotListen || (e instanceof IOException store && ConfiguredStore.isPassing(store));
        return new CannotStart(passes ? Reason.UNAVAILABLE : Reason.CONFIGURATION, e);
    }

    /**
     * Starts, or fails with everything undone.
     *
     * @param schedule when the certificates are looked after: the content of {@code cron/quartz.properties}
     */
    public static Edge start(Configuration config, Properties schedule, InstantSource clock) throws CannotStart {
        return start(config, schedule, clock, Ticker.systemTicker());
    }

    /** @param ticker by which the event loops time connections and requests */
    public static Edge start(Configuration config, Properties schedule, InstantSource clock, Ticker ticker)
            throws CannotStart {
        return start(config, schedule, clock, ticker, Hearing.PLAIN, Inheritance.none());
    }

    static Edge start(
            Configuration config,
            Properties schedule,
            InstantSource clock,
            Ticker ticker,
            Hearing heard,
            Inheritance inheritance)
            throws CannotStart {
        Edge edge = new Edge(config, schedule, clock, ticker, heard, inheritance);
        LOG.info(
                "ready: {}, {}, at most {} connections, {} to servers ({} for one client); {}",
                count(config.sites().size(), "site"),
                count(config.backends().size(), "backend"),
                edge.path.maxConnections(),
                edge.path.servers().max(),
                edge.path.servers().maxPerClient(),
                String.join(", ", Versions.lines()));
        LOG.info("memory: {}", edge.memory.text());
        edge.tellShortage();
        if (edge.httpsAddresses().isEmpty() && !config.sites().isEmpty()) {
            LOG.info("listener https: not bound, for no site has a certificate: each is plain");
        }
        if (edge.challengeAddresses().isEmpty()) {
            LOG.info("listener challenge: not bound, for no site proves its names by http-01");
        }
        return edge;
    }

    private void tellShortage() {
        String shortage = Descriptors.shortage(config.limits());
        if (shortage != null) {
            LOG.warn("{}", shortage);
        }
    }

    /**
     * Starts for one command: holds the store and answers CAs, but orders nothing that is not asked for, and takes no
     * commands from others.
     */
    static Edge maintain(Configuration config, InstantSource clock) throws CannotStart {
        return new Edge(config, null, clock, Ticker.systemTicker(), Hearing.PLAIN, Inheritance.none());
    }

    private ControlCommands explaining(ControlCommands certificates) {
        return new ExplainControl(
                () -> new ExplainControl.Asked(config, path.routing(), care.certificates()::findEither),
                observation::recent,
                new ServerControl(
                        () -> path.routing().backends(), clock, path.desk().telling(certificates)));
    }

    /** What an operator may ask for, and gets done. */
    ControlCommands commands() {
        return explaining(care.commands());
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

    public List<InetSocketAddress> httpAddresses() {
        return path.webAddresses(Listeners.HTTP);
    }

    /** Where the listener of HTTP of this name is bound; none where there is none. */
    public List<InetSocketAddress> webAddresses(String listener) {
        return path.webAddresses(listener);
    }

    /** As {@link RequestPath#doorFor}. */
    SelfHandshake.Door doorFor(String serverName) {
        return path.doorFor(serverName);
    }

    public List<InetSocketAddress> httpsAddresses() {
        return path.webAddresses(Listeners.HTTPS);
    }

    public List<InetSocketAddress> challengeAddresses() {
        return path.challengeAddresses();
    }

    /** Where the service of layer 4 of this name listens; none where there is none. */
    public List<InetSocketAddress> tcpAddresses(String service) {
        return path.tcpAddresses(service);
    }

    public List<InetSocketAddress> adminAddresses() {
        return path.adminAddresses();
    }

    /** Client connections open now. */
    public int openConnections() {
        return path.openConnections();
    }

    /** All threads without which nothing is served, or nothing renewed. */
    List<LoopWatch.Watched> watched() {
        List<LoopWatch.Watched> all = new ArrayList<>();
        loops.all().forEach(loop -> all.add(new WatchedLoop(loop)));
        care.watched(all::add);
        return all;
    }

    /** Begins the file of the access log anew, where there is one: it was moved away. Any thread. */
    public void reopenLogs() {
        observation.reopen();
    }

    // ---- another configuration

    /**
     * Makes {@code wanted} take effect without touching what is the same in it. Blocks, for as long as names of new servers
     * take to resolve; one at a time, and none once {@link #close} has begun.
     *
     * @return what has changed
     * @throws CannotStart where it cannot; nothing has changed then
     */
    public ConfigurationChange reload(Configuration wanted) throws CannotStart {
        synchronized (reloading) {
            requireRunning();
            ConfigurationChange change = ConfigurationChange.between(config, wanted);
            if (!change.lines().isEmpty()) {
                Configuration next = ConfigurationChange.applicable(wanted, config);
                Deque<Prepared> parts = new ArrayDeque<>();
                try {
                    parts.add(care.prepare(next, wanted.acme().store()));
                    parts.add(observation.prepare(next));
                    parts.add(alerts.prepare(next.alerts()));
                    parts.add(path.prepare(next));
                } catch (CannotStart | CannotListen | IOException | IllegalArgumentException e) {
                    parts.forEach(Prepared::abandon);
                    throw because(e);
                } catch (RuntimeException | Error e) {
                    parts.forEach(Prepared::abandon);
                    if (MachineErrors.isOfMemory(e)) {
                        throw e;
                    }
                    throw new CannotStart(Reason.UNAVAILABLE, List.of(CannotStart.bug(e)), e);
                }
                commit(next, parts);
            }
            lastReload.set(new LastReload(clock.instant(), true, change.lines(), change.afterRestart()));
            return change;
        }
    }

    /** What was to be in force is not: it is wrong, or cannot be. */
    void reloadRefused(List<String> problems) {
        lastReload.set(new LastReload(clock.instant(), false, List.copyOf(problems), List.of()));
    }

    private synchronized void requireRunning() throws CannotStart {
        if (stopping) {
            throw new CannotStart(Reason.UNAVAILABLE, List.of("stopping"), null);
        }
    }

    private synchronized void commit(Configuration next, Deque<Prepared> parts) throws CannotStart {
        try {
            requireRunning();
        } catch (CannotStart e) {
            parts.forEach(Prepared::abandon);
            throw e;
        }
        boolean otherLimits = !next.limits().equals(config.limits());
        config = next;
        for (Prepared part : parts) {
            try {
                part.commit();
            } catch (RuntimeException e) {
                // Half of it is worse than all of it but one thing.
                LOG.error("reload: bug", e);
            }
        }
        if (otherLimits) {
            tellShortage();
        }
    }

    // ---- another process

    /**
     * Sends the listening sockets to another process, and gives it the store; both serve from then on. See {@link Succession}.
     *
     * @param inbox as {@link DescriptorInbox#name}
     * @return what it has to know of them
     */
    JsonObject handOver(String inbox) throws ControlFailure {
        synchronized (reloading) {
            try {
                JsonObject estate = path.handOver(inbox);
                care.lent().lend();
                return estate;
            } catch (IOException e) {
                throw ControlFailure.unavailable("the listening sockets cannot be handed over: " + e.getMessage());
            }
        }
    }

    /**
     * It did not come to that. Nothing is taken once {@link #close} has begun: nobody would give it back.
     *
     * @param evenIfTaken else it stays with the other process where that has opened it
     * @return whether the store is ours again, as if nothing had been handed over
     */
    synchronized boolean takeBack(boolean evenIfTaken) throws IOException {
        if (stopping || (!evenIfTaken && care.lent().isTaken())) {
            return false;
        }
        care.lent().takeBack();
        return true;
    }

    /** The other one serves: {@link #close} leaves to it at once whoever comes. */
    void replaced() {
        replaced = true;
    }

    // ---- the end

    /**
     * Serves on for {@code shutdown-delay}, so that balancers hear in time that we go. Then accepts no more, lets exchanges
     * under way finish for as long as {@code grace} allows, and closes what is left.
     * Orders under way are interrupted; their journal stays. Hooks have the same time, beside the exchanges. Blocks.
     */
    @Override
    public void close() {
        synchronized (this) {
            // A reload that is being committed is finished first; none that is being prepared is.
            stopping = true;
        }
        Duration grace = config.grace();
        if (!replaced) {
            Drain.serveOn(config.shutdownDelay(), path::unready);
        }
        path.drain(grace, replaced);
        care.stop();
        new Drain(path::openConnections).await(grace);
        closeAll(opened);
        LOG.info("stopped");
    }

    private static String count(int number, String what) {
        return number + " " + what + (number == 1 ? "" : "s");
    }

    static void closeAll(Deque<AutoCloseable> all) {
        while (!all.isEmpty()) {
            try {
                all.pop().close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (Exception e) {
                LOG.warn("stopping: {}", e.toString());
            }
        }
    }
}
