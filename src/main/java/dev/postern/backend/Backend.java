package dev.postern.backend;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.backend.Server.State;
import dev.postern.config.Configuration;
import dev.postern.config.Durations;
import dev.postern.config.Ejection;
import dev.postern.config.Health;
import dev.postern.config.ServerFaults;
import dev.postern.config.ServerProtocol;
import dev.postern.config.ServerTls;
import dev.postern.trust.TlsToServers;
import dev.postern.wire.SocketTypes;
import java.net.SocketAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A named group of servers that can stand in for each other. Which servers, is one snapshot: a reload replaces it, and so
 * does a name that moves where each of its addresses is a server. The {@link Server} of every address that stays is kept,
 * with all that is known of it; one of the same name at another address is another server. Safe for use by any thread.
 */
public final class Backend {
    private static final Logger LOG = LoggerFactory.getLogger(Backend.class);

    private final String name;
    private final CopyOnWriteArrayList<Runnable> watchers = new CopyOnWriteArrayList<>();
    private final Function<String, Name> names;
    // Replaced by a reload, or when a name moves, under the monitor; read by any thread.
    private volatile Members members;
    private final LongSupplier nanoTime;

    @GuardedBy("this") private boolean allDown;

    /** @param tls how all of them are spoken to; null for plaintext */
    private record Members(
            List<Server> servers,
            Configuration.Backend config,
            @Nullable TlsToServers tls) {}

    /** Of servers that are given by address; a name is nowhere. */
    public Backend(Configuration.Backend config) {
        this(config, System::nanoTime);
    }

    Backend(Configuration.Backend config, LongSupplier nanoTime) {
        this(config, Names::literally, nanoTime);
    }

    Backend(Configuration.Backend config, Function<String, Name> names, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.name = config.name();
        this.names = names;
        TlsToServers tls = TlsToServers.of(config.tls());
        this.members = new Members(
                Place.all(config, tls, names).stream()
                        .map(place -> new Server(place, nanoTime.getAsLong()))
                        .toList(),
                config,
                tls);
    }

    public String name() {
        return name;
    }

    public List<Server> servers() {
        return members.servers;
    }

    /** Whether a connection has to say first whose it is. */
    public boolean wantsPreamble() {
        return members.config.proxyProtocol();
    }

    public Configuration.Backend config() {
        return members.config;
    }

    /** What its servers speak. */
    public ServerProtocol protocol() {
        return members.config.protocol();
    }

    @Nullable Health health() {
        return members.config.health();
    }

    // ---- which servers

    /** What its servers are given by. */
    Stream<Name> names() {
        return names(config());
    }

    Stream<Name> names(Configuration.Backend config) {
        return config.servers().stream().map(server -> names.apply(server.host()));
    }

    /** Is what {@code next} says from now on, which has the same name. Servers that are left out finish what they have begun. */
    public void follow(Configuration.Backend next) {
        Change change = become(next, false);
        change.removed.forEach(Server::retire);
        watchers.forEach(Runnable::run);
    }

    /**
     * Its servers have to be who {@code next} says from now on, where {@code before} has said so until now; else nothing
     * changes, for somebody else has changed it.
     */
    synchronized boolean follow(ServerTls before, ServerTls next) {
        if (!before.equals(config().tls())) {
            return false;
        }
        Change unused = become(config().with(next), false);
        return true;
    }

    /** One of its names is somewhere else now. Returns whether other servers are among its members. */
    boolean moved() {
        Change change = become(config(), true);
        if (change.added.isEmpty() && change.removed.isEmpty()) {
            return false;
        }
        change.removed.forEach(Server::retire);
        watchers.forEach(Runnable::run);
        LOG.info(
                "backend {}: servers: {}, {} of {} servers up",
                name,
                Stream.concat(
                                change.added.stream().map(server -> "+ " + server),
                                change.removed.stream().map(server -> "- " + server))
                        .collect(Collectors.joining(", ")),
                up(),
                servers().size());
        return true;
    }

    private record Change(List<Server> added, List<Server> removed) {}

    /** @param slowly whether those that are new get their share bit by bit */
    private synchronized Change become(Configuration.Backend next, boolean slowly) {
        Map<String, Server> leaving = new LinkedHashMap<>();
        servers().forEach(server -> leaving.put(server.name(), server));
        List<Server> added = new ArrayList<>();
        List<Server> all = new ArrayList<>();
        TlsToServers tls = Objects.equals(next.tls(), members.config.tls()) ? members.tls : TlsToServers.of(next.tls());
        for (Place place : Place.all(next, tls, names)) {
            Server server = leaving.get(place.name());
            if (server == null || !server.isGivenBy(place)) {
                server = new Server(place, nanoTime.getAsLong());
                added.add(server);
                if (slowly && !next.slowStart().isZero() && servers().size() > 1) {
                    server.beginSlowly(nanoTime.getAsLong());
                }
            } else {
                leaving.remove(place.name());
                server.become(place);
                forget(server, next);
            }
            all.add(server);
        }
        members = new Members(List.copyOf(all), next, tls);
        allDown = allDown && up() == 0;
        return new Change(added, List.copyOf(leaving.values()));
    }

    /** What is known of a server by a rule that no longer holds, and that nobody would ever correct. */
    private void forget(Server server, Configuration.Backend next) {
        Health health = next.health();
        boolean stuck = (health == null && server.state() == State.DOWN)
                || (next.ejection() == null && server.state() == State.EJECTED);
        if (stuck) {
            server.state(new Standing(State.UP, "no rule says otherwise any more", nanoTime.getAsLong()));
        }
        if (health == null) {
            server.forgetFailures();
        }
        if (health == null || !health.drainOn404()) {
            boolean unused = server.drained(false);
        }
        if (next.slowStart().isZero()) {
            server.warm();
        }
    }

    /** It is no longer part of the configuration; exchanges under way go on. */
    public void retire() {
        servers().forEach(Server::retire);
    }

    /** Calls {@code watcher} after every change of a server's state, on the thread that made the change; must be quick. */
    public void onChange(Runnable watcher) {
        watchers.add(watcher);
    }

    /** A connection to {@code server} could not be made: skip it from now on, unless there is no other. */
    public void refused(Server server, String why) {
        change(server, EnumSet.of(State.UP), State.REFUSING, why);
        failed(server, ServerFaults.Kind.CONNECT);
    }

    /** A connection to {@code server} was made. */
    public void connected(Server server) {
        if (server.state() == State.REFUSING) {
            change(server, EnumSet.of(State.REFUSING), State.UP, "accepts connections again");
        }
    }

    /** {@code server} did not answer an exchange. */
    public void failed(Server server, ServerFaults.Kind how) {
        Ejection rule = config().ejection();
        if (rule != null && rule.on().has(how)) {
            failed(server, rule, how.name().toLowerCase(Locale.ROOT));
        }
    }

    /** {@code server} answered an exchange. */
    public void answered(Server server, int status) {
        Ejection rule = config().ejection();
        if (rule == null) {
            return;
        }
        if (rule.on().has(status)) {
            failed(server, rule, "status " + status);
        } else {
            server.succeeded();
        }
    }

    private void failed(Server server, Ejection rule, String how) {
        int inARow = server.failed();
        if (inARow < rule.after()) {
            return;
        }
        synchronized (this) {
            long out = servers().stream()
                    .filter(other -> other == server || other.state() != State.UP)
                    .count();
            if (server.state() == State.EJECTED
                    || server.state() == State.DOWN
                    || server.state() == State.MAINTENANCE
                    || out * 2 > servers().size()) {
                // Half of them have to do; who is left gets more, and may fail for that.
                return;
            }
            server.eject(rule, nanoTime.getAsLong());
        }
        change(
                server,
                EnumSet.of(State.UP, State.REFUSING),
                State.EJECTED,
                inARow + " failures in a row, the last one: " + how + "; for "
                        + Durations.text(server.ejectedFor(nanoTime.getAsLong()).truncatedTo(ChronoUnit.SECONDS)));
    }

    /** {@code server} is well at this address of it. */
    void checkedUp(Server server, SocketAddress address, String why) {
        boolean elsewhere = !server.failsEverywhere();
        if (server.isWellAt(address) && elsewhere) {
            LOG.info(
                    "backend {}: server {}: at {}: {}; asked there again",
                    name,
                    server,
                    SocketTypes.text(address),
                    why);
        }
        change(server, EnumSet.of(State.REFUSING, State.DOWN), State.UP, why);
    }

    /** {@code server} fails at this address of it; it is down where it fails at all of them. */
    void checkedDown(Server server, SocketAddress address, String why) {
        boolean isNew = server.failsAt(address);
        if (server.failsEverywhere()) {
            change(server, EnumSet.of(State.UP, State.REFUSING, State.EJECTED), State.DOWN, why);
        } else if (isNew) {
            LOG.warn("backend {}: server {}: at {}: {}; asked elsewhere", name, server, SocketTypes.text(address), why);
        }
    }

    /** What {@code server} says of itself to a check: whether it wants no new sessions. */
    void checkedDraining(Server server, boolean draining) {
        if (server.drained(draining)) {
            watchers.forEach(Runnable::run);
            LOG.info(
                    "backend {}: server {}: health check: {}",
                    name,
                    server,
                    draining ? "status 404; gets no new sessions" : "no longer 404; gets new sessions");
        }
    }

    /** A health check of {@code server} has ended. */
    void checked(Server server, @Nullable String fault) {
        server.checked(new Check(fault, nanoTime.getAsLong()));
    }

    /** How {@code server} stands, and what the last check of it has found. Any thread. */
    public ServerOutlook outlook(Server server) {
        return ServerOutlook.of(server, nanoTime.getAsLong());
    }

    /**
     * What an operator says of {@code server}, from now on; who waits for room hears of it. Any thread.
     *
     * @param change of what was said before; called once, and nobody else says anything meanwhile
     */
    public void override(Server server, UnaryOperator<ServerOverride> change) {
        ServerOverride said;
        synchronized (this) {
            said = change.apply(server.override());
            server.override(said);
            boolean out = said.is(ServerOverride.Mode.MAINTENANCE);
            State state = server.state();
            State next = out
                    ? State.MAINTENANCE
                    : state != State.MAINTENANCE
                            ? state
                            : health() != null && server.failsEverywhere() ? State.DOWN : State.UP;
            if (next != state) {
                String why = out ? "an operator says so" : "back from maintenance";
                server.state(new Standing(next, why, nanoTime.getAsLong()));
                if (next == State.UP && !config().slowStart().isZero()) {
                    server.beginSlowly(nanoTime.getAsLong());
                }
            }
            allDown = allDown && up() == 0;
        }
        watchers.forEach(Runnable::run);
        LOG.info(
                "backend {}: server {}: {}; {} of {} servers up",
                name,
                server,
                said.text(),
                up(),
                servers().size());
    }

    /** Ends what operators have said until then. */
    void endOverrides(Instant now) {
        for (Server server : servers()) {
            ServerOverride said = server.override();
            if (!said.at(now).equals(said)) {
                override(server, left -> left.at(now));
            }
        }
    }

    /** Ends ejections, and lets shares grow, as time goes by. Called every now and then. */
    void tick() {
        if (config().ejection() == null && config().slowStart().isZero()) {
            return;
        }
        long now = nanoTime.getAsLong();
        boolean grown = false;
        for (Server server : servers()) {
            boolean over;
            synchronized (this) {
                over = server.state() == State.EJECTED && server.isEjectionOver(now);
                grown |= !server.isWarm() && server.warmUp(config().slowStart(), now);
            }
            if (over) {
                change(server, EnumSet.of(State.EJECTED), State.UP, "left out for long enough");
            }
        }
        if (grown) {
            watchers.forEach(Runnable::run);
        }
    }

    private void change(Server server, Set<State> from, State to, String why) {
        boolean lastOne;
        boolean over;
        synchronized (this) {
            if (!from.contains(server.state()) || server.isRetired()) {
                return;
            }
            server.state(new Standing(to, why, nanoTime.getAsLong()));
            if (to == State.UP && !config().slowStart().isZero()) {
                server.beginSlowly(nanoTime.getAsLong());
            }
            boolean down = up() == 0
                    && servers().stream()
                                    .filter(other -> other.state() != State.MAINTENANCE)
                                    .count()
                            > 1;
            lastOne = down && !allDown;
            over = allDown && !down;
            allDown = down;
        }
        watchers.forEach(Runnable::run);
        int all = servers().size();
        if (to == State.UP) {
            LOG.info("backend {}: server {}: {}; back, {} of {} servers up", name, server, why, up(), all);
        } else {
            LOG.warn("backend {}: server {}: {}; skipped, {} of {} servers up", name, server, why, up(), all);
        }
        if (lastOne) {
            LOG.error(
                    "backend {}: all {} servers are down at once: perhaps it is this host, or its network; all are"
                            + " tried",
                    name,
                    all);
        } else if (over) {
            LOG.info("backend {}: no longer all servers are down; only those that are up are used", name);
        }
    }

    private long up() {
        return servers().stream().filter(server -> server.state() == State.UP).count();
    }
}
