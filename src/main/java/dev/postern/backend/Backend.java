package dev.postern.backend;

import dev.postern.backend.Server.State;
import dev.postern.config.Configuration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
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

    private record Members(List<Server> servers, Configuration.Backend config) {}

    /**
     * What a backend is going to be.
     *
     * @param servers those that stay are the same objects
     */
    public record Next(Configuration.Backend config, List<Server> servers, List<Server> added, List<Server> removed) {}

    public Backend(Configuration.Backend config) {
        this.name = config.name();
        this.members = new Members(config.servers().stream().map(Server::new).toList(), config);
    }

    public String name() {
        return name;
    }

    public List<Server> servers() {
        return members.servers;
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
                if (next.config().health() == null && server.state() == State.DOWN) {
                    // Nobody would bring it back.
                    server.state(State.UP);
                }
            }
            members = new Members(next.servers(), next.config());
        }
        next.removed().forEach(Server::retire);
        watchers.forEach(Runnable::run);
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
            if (!from.contains(server.state()) || server.isRetired()) {
                return;
            }
            server.state(to);
        }
        watchers.forEach(Runnable::run);
        List<Server> servers = servers();
        long up = servers.stream().filter(s -> s.state() == State.UP).count();
        if (to == State.UP) {
            log.info("backend {}: server {}: {}; back, {} of {} servers up", name, server, why, up, servers.size());
        } else {
            log.warn("backend {}: server {}: {}; skipped, {} of {} servers up", name, server, why, up, servers.size());
        }
    }
}
