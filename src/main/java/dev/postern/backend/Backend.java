package dev.postern.backend;

import dev.postern.backend.Server.State;
import dev.postern.config.Configuration;
import dev.postern.config.Durations;
import dev.postern.config.Ejection;
import dev.postern.config.ServerFaults;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A named group of servers that can stand in for each other. Which servers, is one snapshot: a reload replaces it, and
 * keeps the {@link Server} of every address that stays, with all that is known of it. Safe for use by any thread.
 */
public final class Backend {
    private static final Logger log = LoggerFactory.getLogger(Backend.class);

    private final String name;
    private final CopyOnWriteArrayList<Runnable> watchers = new CopyOnWriteArrayList<>();
    // Replaced by a reload, under the monitor; read by any thread.
    private volatile Members members;
    private final LongSupplier nanoTime;
    // Guarded by this.
    private boolean allDown;

    private record Members(List<Server> servers, Configuration.Backend config) {}

    /**
     * What a backend is going to be.
     *
     * @param servers those that stay are the same objects
     */
    public record Next(Configuration.Backend config, List<Server> servers, List<Server> added, List<Server> removed) {}

    public Backend(Configuration.Backend config) {
        this(config, System::nanoTime);
    }

    Backend(Configuration.Backend config, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.name = config.name();
        this.members = new Members(config.servers().stream().map(Server::new).toList(), config);
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
    public Configuration.ServerProtocol protocol() {
        return members.config.protocol();
    }

    Configuration.@Nullable Health health() {
        return members.config.health();
    }

    /** What it would be under {@code config}, which has the same name; changes nothing. */
    public Next next(Configuration.Backend config) {
        List<Server> leaving = new ArrayList<>(servers());
        List<Server> added = new ArrayList<>();
        List<Server> servers = new ArrayList<>();
        for (Configuration.Server wanted : config.servers()) {
            Server server = leaving.stream()
                    .filter(known -> known.name().equals(wanted.address()))
                    .findFirst()
                    .orElse(null);
            if (server == null) {
                server = new Server(wanted);
                added.add(server);
            }
            leaving.remove(server);
            servers.add(server);
        }
        return new Next(config, List.copyOf(servers), List.copyOf(added), List.copyOf(leaving));
    }

    /** Is that from now on. Servers that are left out finish what they have begun. */
    public void follow(Next next) {
        synchronized (this) {
            List<Configuration.Server> configured = next.config().servers();
            for (int i = 0; i < configured.size(); i++) {
                Server server = next.servers().get(i);
                server.config(configured.get(i));
                forget(server, next.config());
            }
            members = new Members(next.servers(), next.config());
        }
        next.removed().forEach(Server::retire);
        watchers.forEach(Runnable::run);
    }

    /** What is known of a server by a rule that no longer holds, and that nobody would ever correct. */
    private static void forget(Server server, Configuration.Backend next) {
        Configuration.Health health = next.health();
        boolean stuck = (health == null && server.state() == State.DOWN)
                || (next.ejection() == null && server.state() == State.EJECTED);
        if (stuck) {
            server.state(State.UP);
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

    void checkedUp(Server server, String why) {
        change(server, EnumSet.of(State.REFUSING, State.DOWN), State.UP, why);
    }

    void checkedDown(Server server, String why) {
        change(server, EnumSet.of(State.UP, State.REFUSING, State.EJECTED), State.DOWN, why);
    }

    /** What {@code server} says of itself to a check: whether it wants no new sessions. */
    void checkedDraining(Server server, boolean draining) {
        if (server.drained(draining)) {
            watchers.forEach(Runnable::run);
            log.info(
                    "backend {}: server {}: health check: {}",
                    name,
                    server,
                    draining ? "status 404; gets no new sessions" : "no longer 404; gets new sessions");
        }
    }

    /** Whether {@link #tick} has anything to do. */
    boolean isTimed() {
        return config().ejection() != null || !config().slowStart().isZero();
    }

    /** Ends ejections, and lets shares grow, as time goes by. Called every now and then. */
    void tick() {
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
            server.state(to);
            if (to == State.UP && !config().slowStart().isZero()) {
                server.beginSlowly(nanoTime.getAsLong());
            }
            boolean down = servers().size() > 1 && up() == 0;
            lastOne = down && !allDown;
            over = allDown && !down;
            allDown = down;
        }
        watchers.forEach(Runnable::run);
        int all = servers().size();
        if (to == State.UP) {
            log.info("backend {}: server {}: {}; back, {} of {} servers up", name, server, why, up(), all);
        } else {
            log.warn("backend {}: server {}: {}; skipped, {} of {} servers up", name, server, why, up(), all);
        }
        if (lastOne) {
            log.error(
                    "backend {}: all {} servers are down at once: perhaps it is this host, or its network; all are tried",
                    name,
                    all);
        } else if (over) {
            log.info("backend {}: no longer all servers are down; only those that are up are used", name);
        }
    }

    private long up() {
        return servers().stream().filter(server -> server.state() == State.UP).count();
    }
}
