package dev.postern.backend;

import dev.postern.backend.Server.State;
import dev.postern.config.Configuration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A named group of servers that can stand in for each other. Safe for use by any thread. */
public final class Backend {
    private static final Logger log = LoggerFactory.getLogger(Backend.class);

    private final String name;
    private final List<Server> servers;
    private final Configuration.@Nullable Health health;
    private final CopyOnWriteArrayList<Runnable> watchers = new CopyOnWriteArrayList<>();

    public Backend(Configuration.Backend config) {
        this.name = config.name();
        this.servers = config.servers().stream().map(Server::new).toList();
        this.health = config.health();
    }

    public String name() {
        return name;
    }

    public List<Server> servers() {
        return servers;
    }

    Configuration.@Nullable Health health() {
        return health;
    }

    /** Calls {@code watcher} after every change of a server's state, on the thread that made the change; must be quick. */
    public void onChange(Runnable watcher) {
        watchers.add(watcher);
    }

    /** A connection to {@code server} could not be made: skip it from now on, unless there is no other. */
    public void refused(Server server, String why) {
        change(server, EnumSet.of(State.UP), State.REFUSING, why);
    }

    /** A connection to {@code server} was made. */
    public void connected(Server server) {
        if (server.state() == State.REFUSING) {
            change(server, EnumSet.of(State.REFUSING), State.UP, "accepts connections again");
        }
    }

    void checkedUp(Server server, String why) {
        change(server, EnumSet.of(State.REFUSING, State.DOWN), State.UP, why);
    }

    void checkedDown(Server server, String why) {
        change(server, EnumSet.of(State.UP, State.REFUSING), State.DOWN, why);
    }

    private void change(Server server, Set<State> from, State to, String why) {
        synchronized (this) {
            if (!from.contains(server.state())) {
                return;
            }
            server.state(to);
        }
        watchers.forEach(Runnable::run);
        long up = servers.stream().filter(s -> s.state() == State.UP).count();
        if (to == State.UP) {
            log.info("backend {}: server {}: {}; back, {} of {} servers up", name, server, why, up, servers.size());
        } else {
            log.warn("backend {}: server {}: {}; skipped, {} of {} servers up", name, server, why, up, servers.size());
        }
    }
}
