package dev.postern.app;

import dev.postern.config.Action;
import dev.postern.config.BindAddress;
import dev.postern.config.Configuration;
import dev.postern.config.Configuration.Route;
import dev.postern.config.Listeners;
import dev.postern.config.Listeners.Challenge;
import dev.postern.config.Listeners.Http;
import dev.postern.config.Listeners.Https;
import dev.postern.control.ControlCommands;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * An edge for one command, where no daemon runs: it holds the store's lock, answers the CA, and does nothing of its own
 * accord. Requests are answered 503 meanwhile.
 */
public final class Maintenance implements AutoCloseable {
    private static final String NOTICE = "This server is not running; its certificates are being looked after.\n";

    /** Nobody's exchange is worth more. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final Edge edge;
    private final Configuration config;

    private Maintenance(Edge edge, Configuration config) {
        this.edge = edge;
        this.config = config;
    }

    /**
     * @param answering whether a CA may come: the listeners are opened as they are configured. Else none that anybody
     *     knows of is
     * @throws CannotStart where another process has the store, or a port cannot be bound
     */
    public static Maintenance open(Configuration config, boolean answering) throws CannotStart {
        return new Maintenance(Edge.maintain(withoutTraffic(config, answering), Clock.systemUTC()), config);
    }

    private static Configuration withoutTraffic(Configuration config, boolean answering) {
        List<Route> closed = List.of(new Route("/", new Action.Respond(503, NOTICE)));
        return config.withListeners(answering ? config.listeners() : hidden(config.listeners()))
                .withSites(config.sites().stream()
                        .map(site -> site.withRoutes(closed))
                        .toList())
                .withoutBackends()
                .withGrace(GRACE);
    }

    private static Listeners hidden(Listeners listeners) {
        List<BindAddress> any = List.of(new BindAddress(InetAddress.getLoopbackAddress(), 0));
        return new Listeners(
                new Http(any, listeners.http().redirect(), listeners.http().proxyProtocol()),
                new Https(any, listeners.https().protocols(), listeners.https().proxyProtocol()),
                new Challenge(any),
                null);
    }

    public ControlCommands commands() {
        return edge.commands();
    }

    /**
     * Waits until the operator's hooks were told of what was done, each of them for as long as it may take.
     *
     * @param progress told in one line where that takes long
     */
    public void awaitHooks(Consumer<String> progress) throws InterruptedException {
        edge.awaitHooks(progress);
    }

    @Override
    public void close() {
        edge.close();
        ConfiguredStore.giveToOwner(config);
    }
}
