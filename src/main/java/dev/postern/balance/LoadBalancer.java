package dev.postern.balance;

import dev.postern.backend.Backend;
import dev.postern.backend.Server;
import dev.postern.config.Balance;
import dev.postern.config.Configuration;
import dev.postern.config.Stickiness;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Says which server of a backend gets the next exchange. Any thread; no locks where nobody waits: each change of the
 * backend or of a server's state builds the next {@link Choice} and replaces the last. Lives as long as its backend,
 * whose configuration may change meanwhile.
 */
public final class LoadBalancer {
    /**
     * What is chosen from, and how.
     *
     * @param servers those that new exchanges go to: the ones that are up and do not drain, else the backups; all but those
     *     in maintenance, where none of several is up
     * @param limited whether any of them may be full
     */
    private record Choice(
            List<Server> servers,
            Selector selector,
            @Nullable StickyCookie sticky,
            boolean byToken,
            boolean asksRequest,
            boolean limited) {}

    private final Backend backend;
    private final long seed;
    private final Supplier<byte[]> secret;
    private final AtomicInteger turn = new AtomicInteger();
    private final WaitingLine line = new WaitingLine();
    private final RetryBudget retryBudget = new RetryBudget();
    private final Consumer<Server> back = this::release;
    // Replaced by whoever changes the backend or a server's state; read by every event loop.
    private volatile Choice choice;

    /**
     * @param seed of what chance there is in the choice
     * @param secret of the cookies; asked for where there are any
     */
    public LoadBalancer(Backend backend, long seed, Supplier<byte[]> secret) {
        this.backend = backend;
        this.seed = seed;
        this.secret = secret;
        this.choice = choice();
        backend.onChange(this::rebuild);
    }

    public Backend backend() {
        return backend;
    }

    /** The backend is {@code next} from now on; those of its servers that stay keep what is known of them. */
    public void follow(Configuration.Backend next) {
        backend.follow(next);
    }

    /** Whether a choice depends on the request: else {@link Affinity#NONE} is all that {@link #take} needs. */
    public boolean asksRequest() {
        return choice.asksRequest;
    }

    /** Whether it has to be known what the client says first, for it speaks RDP. */
    public boolean asksRdp() {
        return choice.byToken;
    }

    private static boolean asksRdp(Balance balance) {
        return balance instanceof Balance.ByHash byHash && byHash.key() instanceof Balance.Key.RdpCookie;
    }

    /** The cookie that brings clients back to their server; null where any will do. */
    public @Nullable StickyCookie sticky() {
        return choice.sticky;
    }

    // ---- for operators

    /** Those that one of is chosen from now. */
    public List<Server> candidates() {
        return choice.servers;
    }

    /** Whether one would be asked at all now, be it as the last resort; where none is, requests are answered 503. */
    public boolean asksAny() {
        return !choice.servers.isEmpty() || backend.servers().stream().anyMatch(LoadBalancer::mayBeBack);
    }

    /** Where the client of such an exchange belongs: by its cookie or token, or by the key of a hash; null for any server. */
    public @Nullable Server belongsTo(Affinity affinity) {
        Choice now = choice;
        Server home = now.sticky == null && !now.byToken ? null : home(now, affinity, Set.of());
        boolean byHash = backend.config().balance() instanceof Balance.ByHash byKey
                && HashKey.of(byKey.key()).of(affinity).isPresent();
        return home != null || !byHash ? home : now.selector.select(affinity, Set.of());
    }

    // ---- one exchange

    /**
     * A place at the server to try next; null where none
     * is left that was not tried, or all that are left are {@linkplain #isBusy busy}. Where every server that is up has
     * been tried, those that were skipped a moment ago are tried as well: they may be back.
     */
    public @Nullable Lease take(Affinity affinity, Set<Server> tried) {
        Choice now = choice;
        Server home = now.sticky == null && !now.byToken ? null : home(now, affinity, tried);
        if (home != null) {
            // Whoever waits for any server would have been given this one: nobody is overtaken.
            return home.tryBegin() ? lease(home) : null;
        }
        return now.limited && !line.isEmpty() ? null : seize(now, affinity, tried);
    }

    private Lease lease(Server begun) {
        return new Lease(begun, back);
    }

    /** Where the client was before, if it can go there again. One that drains still serves those it has. */
    private @Nullable Server home(Choice now, Affinity affinity, Set<Server> tried) {
        StickyCookie sticky = now.sticky;
        Server home = sticky != null
                ? sticky.server(affinity.cookie(sticky.name()))
                : now.byToken ? RdpToken.server(affinity.cookie(Balance.Key.RdpCookie.TOKEN), backend.servers()) : null;
        boolean serves = home != null
                && !tried.contains(home)
                && (home.state() == Server.State.UP || now.servers.contains(home));
        return serves ? home : null;
    }

    private @Nullable Lease seize(Choice now, Affinity affinity, Set<Server> tried) {
        while (true) {
            Server server = now.selector.select(affinity, tried);
            if (server == null) {
                server = lastResort(tried);
            }
            // Another may have been quicker; then there is less room than there was.
            if (server == null) {
                return null;
            }
            if (server.tryBegin()) {
                return lease(server);
            }
        }
    }

    private @Nullable Server lastResort(Set<Server> tried) {
        for (Server server : backend.servers()) {
            if (mayBeBack(server) && server.hasRoom() && !tried.contains(server)) {
                return server;
            }
        }
        return null;
    }

    private static boolean mayBeBack(Server server) {
        return (server.state() == Server.State.REFUSING || server.state() == Server.State.EJECTED)
                && !server.isDraining();
    }

    /** Somebody is no longer with {@code server}: whoever waits for room comes next. */
    void release(Server server) {
        server.exchangeEnds();
        if (!line.isEmpty()) {
            serveWaiting();
        }
    }

    // ---- waiting

    /** Whether a server is left that was not tried: then it is worth to wait for room. */
    public boolean isBusy(Set<Server> tried) {
        for (Server server : choice.servers) {
            if (!tried.contains(server)) {
                return true;
            }
        }
        return false;
    }

    /** Waits for room; false where too many do. On the event loop of the exchange. */
    public boolean join(Waiter waiter) {
        Server home = home(choice, waiter.affinity(), waiter.tried());
        boolean joined = line.join(
                waiter,
                new WaitingLine.Place(waiter.tried(), home),
                backend.config().queue());
        if (joined) {
            // What became free before we stood in line was offered to nobody.
            serveWaiting();
        }
        return joined;
    }

    /** Waits no longer; false where its turn has come, and it will hear of it. */
    public boolean leave(Waiter waiter) {
        return line.leave(waiter);
    }

    /** As {@link #leave}, because it waited for longer than the queue allows. */
    public boolean timesOut(Waiter waiter) {
        return line.timesOut(waiter);
    }

    /** How many wait now. */
    public int waiting() {
        return line.length();
    }

    /** How many could not wait because too many did, since the start. */
    public long queueRefusals() {
        return line.refused();
    }

    /** How many waited too long, since the start. */
    public long queueTimeouts() {
        return line.timedOut();
    }

    private void serveWaiting() {
        line.serve(place -> {
            Choice now = choice;
            Server wanted = place.wanted();
            // One that a reload has taken out while somebody waited for it is nobody's any more.
            if (wanted != null
                    && !wanted.isRetired()
                    && (wanted.state() == Server.State.UP || now.servers.contains(wanted))) {
                return wanted.tryBegin() ? Optional.of(lease(wanted)) : Optional.empty();
            }
            return Optional.ofNullable(seize(now, Affinity.NONE, place.tried()));
        });
    }

    // ---- retries

    /** One exchange more: some retries may be made for it. */
    public void earnsRetry(int percent) {
        retryBudget.earn(percent);
    }

    /** Whether one retry more is within the budget, from which it is then taken. */
    public boolean spendsRetry() {
        return retryBudget.spend();
    }

    /** The retry was not made. */
    public void returnsRetry() {
        retryBudget.giveBack();
    }

    /** How many retries the budget did not allow, since the start. */
    public long retriesRefused() {
        return retryBudget.refused();
    }

    // ---- the next choice

    private void rebuild() {
        // Under a monitor, so that the last change to be seen is the one that stays.
        synchronized (this) {
            choice = choice();
        }
        if (!line.isEmpty()) {
            serveWaiting();
        }
    }

    private Choice choice() {
        Configuration.Backend config = backend.config();
        List<Server> servers = chosenFrom(backend.servers());
        Stickiness sticky = config.sticky();
        return new Choice(
                servers,
                servers.isEmpty() ? (affinity, tried) -> null : selector(config.balance(), servers),
                sticky == null ? null : new StickyCookie(sticky, config.name(), backend.servers(), secret.get()),
                asksRdp(config.balance()),
                sticky != null || config.balance() instanceof Balance.ByHash,
                config.servers().stream().anyMatch(server -> server.maxConnections() > 0));
    }

    private static List<Server> chosenFrom(List<Server> all) {
        List<Server> up =
                all.stream().filter(server -> server.state() == Server.State.UP).toList();
        if (up.isEmpty() && all.size() > 1) {
            // All at once: perhaps it is not them, but us. One alone says nothing about us.
            return all.stream()
                    .filter(server -> server.state() != Server.State.MAINTENANCE)
                    .filter(server -> !server.isDraining())
                    .toList();
        }
        List<Server> open = up.stream().filter(server -> !server.isDraining()).toList();
        List<Server> regular =
                open.stream().filter(server -> !server.isBackup()).toList();
        return regular.isEmpty() ? open : regular;
    }

    private Selector selector(Balance balance, List<Server> servers) {
        if (balance instanceof Balance.ByHash byHash) {
            return new ConsistentHash(
                    servers,
                    HashKey.of(byHash.key()),
                    byHash.boundedLoad(),
                    new RoundRobin(servers, Server::share, turn));
        }
        return switch ((Balance.Plain) balance) {
            case ROUND_ROBIN -> new RoundRobin(servers, Server::share, turn);
            case STATIC_RR -> new RoundRobin(servers, Server::weight, turn);
            case LEAST_CONNECTIONS -> new LeastConnections(servers, turn);
            case RANDOM -> new TwoChoices(servers, turn, seed);
            case FIRST -> new FillUp(servers);
        };
    }
}
