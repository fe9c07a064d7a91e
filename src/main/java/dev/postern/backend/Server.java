package dev.postern.backend;

import dev.postern.config.Configuration;
import dev.postern.config.Ejection;
import dev.postern.trust.ServerHandshake;
import dev.postern.trust.Speech;
import dev.postern.trust.TlsFault;
import dev.postern.trust.TlsToServers;
import dev.postern.wire.SocketTypes;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One server of a backend, at one address or at any of several, and what is known of it. Read and written by every event
 * loop.
 */
public final class Server {
    /** What is known of a server. */
    public enum State {
        /** Gets its share. */
        UP,
        /** Refused a connection a moment ago; skipped until it accepts one, unless there is no other. */
        REFUSING,
        /** Failed in too much of what it was asked to do; skipped for a while. */
        EJECTED,
        /** Failed its health checks. */
        DOWN,
        /** Gets nothing, for an operator says so. */
        MAINTENANCE
    }

    /** In how many steps the share of a server grows that has come back. */
    static final int WARM = 20;

    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    private final String name;
    // Replaced by a reload; read by any thread.
    private volatile Configuration.Server config;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final ServerAddresses addresses = new ServerAddresses();
    // Replaced with the configuration; read by any thread.
    private volatile Name at;
    // Replaced by a reload; read by any thread. Null for plaintext.
    private volatile @Nullable TlsToServers tls;
    // Set at handshakes; read by any thread. Null where there was none, or no certificate.
    private volatile @Nullable Instant certificateEnds;
    // Written under the monitor of the backend; read by any thread.
    private volatile State state = State.UP;
    // Written under the monitor of the backend; read by any thread.
    private volatile ServerOverride override = ServerOverride.NONE;
    // Of the override or the configuration; replaced with either.
    private volatile int weight;
    // Written with the state; read by whoever wants to know more.
    private volatile Standing standing;
    // Set by the health checks; read by any thread. Null where there was none.
    private volatile @Nullable Check lastCheck;
    // Set once, by a reload; read by any event loop.
    private volatile boolean retired;
    // Set by the health checks; read by any thread.
    private volatile boolean drained;
    // Written under the monitor of the backend; read by any thread. How much of its share it gets, of WARM.
    private volatile int warmth = WARM;
    // Failures in a row, over all event loops.
    private final AtomicInteger failures = new AtomicInteger();

    // The rest belongs to the backend, under its monitor.
    private long warmSinceNanos;
    private int ejections;
    private long ejectedUntilNanos;

    /** @param nowNanos by the clock of the backend */
    Server(Place place, long nowNanos) {
        this.standing = new Standing(State.UP, "nothing has failed", nowNanos);
        this.name = place.name();
        this.config = place.config();
        this.weight = place.config().weight();
        this.at = place.at();
        this.tls = place.tls();
        boolean unused = addresses.become(place.addresses());
    }

    /** Whether {@code place} gives it by the same name, or address, and port. */
    boolean isGivenBy(Place place) {
        return config.address().equals(place.config().address());
    }

    /** Called so from now on; whatever is known of it stays. */
    void become(Place place) {
        config = place.config();
        weight = weightOf(override);
        at = place.at();
        if (tls != place.tls()) {
            tls = place.tls();
            certificateEnds = null;
        }
        boolean unused = addresses.become(place.addresses());
    }

    /**
     * As configured, else {@code host:port}; where each address that a name has is a server of its own, that address, behind
     * the name if there is one.
     */
    public String name() {
        return name;
    }

    /** What its Host would be for a client that came to it. */
    public String host() {
        String address = config.address();
        if (config.isSocket()) {
            return Configuration.Server.LOCALHOST;
        }
        return config.port() == (tls == null ? HTTP : HTTPS) ? address.substring(0, address.lastIndexOf(':')) : address;
    }

    public int weight() {
        return weight;
    }

    private int weightOf(ServerOverride said) {
        ServerOverride.Said<Integer> other = said.weight();
        return other == null ? config.weight() : other.what();
    }

    /** What an operator has said of it at run time. */
    public ServerOverride override() {
        return override;
    }

    /** Under the monitor of the backend, as the state that follows from it. */
    void override(ServerOverride next) {
        override = next;
        weight = weightOf(next);
    }

    /** Whether that is its name, or where it is: as configured, or one of its addresses. */
    public boolean isCalled(String text) {
        return text.equals(name)
                || text.equals(config.address())
                || addresses.all().stream().map(SocketTypes::text).anyMatch(text::equals);
    }

    /** Whether the configuration drains it. */
    public boolean isDrainedByConfiguration() {
        return config.drain();
    }

    /**
     * What part of the backend's exchanges it is to get, compared with the shares of the others: its weight, and less of
     * it after it came back.
     */
    public int share() {
        return weight * warmth;
    }

    public boolean isBackup() {
        return config.backup();
    }

    /** Whether it gets no new sessions: an operator or the configuration says so, or its own answer to the health checks. */
    public boolean isDraining() {
        ServerOverride said = override;
        return drained || said.is(ServerOverride.Mode.DRAIN) || (config.drain() && !said.is(ServerOverride.Mode.READY));
    }

    /** @return whether that is new */
    boolean drained(boolean now) {
        boolean changed = drained != now;
        drained = now;
        return changed;
    }

    /** Whether it may get one more exchange. */
    public boolean hasRoom() {
        int max = config.maxConnections();
        return max == 0 || inFlight.get() < max;
    }

    Configuration.Server config() {
        return config;
    }

    /** No longer part of its backend: exchanges under way go on, no connection of it is kept. */
    public boolean isRetired() {
        return retired;
    }

    void retire() {
        retired = true;
    }

    /** Where to find it, the likeliest first; nothing where its name does not resolve. */
    public List<SocketAddress> addresses() {
        return addresses.good();
    }

    /** Those of its addresses, too, that failed their health checks. */
    List<SocketAddress> everyAddress() {
        return addresses.all();
    }

    /** Whether {@code connection} is one to where the server is now, made as one would be made now. */
    public boolean isReachedBy(Channel connection) {
        SocketAddress remote = SocketTypes.remote(connection);
        return remote != null && addresses.good().contains(remote) && ServerHandshake.maker(connection) == tls;
    }

    /** How it is spoken to; null for plaintext. */
    public @Nullable TlsToServers tls() {
        return tls;
    }

    /**
     * Puts the way it is spoken to now at the end of the pipeline of a connection that is being made.
     *
     * @param how it is spoken to
     */
    public ServerHandshake secure(Channel channel, TlsToServers how, Speech speech, ServerHandshake.Outcome outcome) {
        return how.secure(channel, config.host(), config.port(), speech, new ServerHandshake.Outcome() {
            @Override
            public void secured(@Nullable Instant ends) {
                certificateEnds(ends);
                outcome.secured(ends);
            }

            @Override
            public void failed(TlsFault fault) {
                outcome.failed(fault);
            }
        });
    }

    void certificateEnds(@Nullable Instant ends) {
        certificateEnds = ends;
    }

    /** When the certificate that it has shown last ends; null where it has shown none. */
    public @Nullable Instant certificateEnds() {
        return certificateEnds;
    }

    /** A connection to this one of its addresses was made where others failed: it comes first from now on. */
    public void answersAt(SocketAddress address) {
        addresses.prefer(address);
    }

    /** @return whether that is new */
    boolean failsAt(SocketAddress address) {
        return addresses.fail(address);
    }

    /** @return whether that is new */
    boolean isWellAt(SocketAddress address) {
        return addresses.recover(address);
    }

    boolean hasFailedAt(SocketAddress address) {
        return addresses.hasFailed(address);
    }

    /** Whether it fails wherever it is. */
    boolean failsEverywhere() {
        return addresses.allHaveFailed();
    }

    /** Whether it fails wherever else it is. */
    boolean failsAtAllBut(SocketAddress address) {
        return addresses.allHaveFailedBut(address);
    }

    void forgetFailures() {
        addresses.forget();
    }

    /** Whether it is given by name, and may be somewhere else tomorrow. */
    public boolean mayMove() {
        return at.mayMove();
    }

    /**
     * It could not be reached where it is said to be: its name is asked for anew.
     *
     * @param answered called on some event loop when there is an answer, or will be none soon
     */
    public void doubt(Runnable answered) {
        at.doubt(answered);
    }

    public State state() {
        return state;
    }

    void state(Standing next) {
        this.standing = next;
        this.state = next.state();
    }

    Standing standing() {
        return standing;
    }

    void checked(Check check) {
        lastCheck = check;
    }

    @Nullable Check lastCheck() {
        return lastCheck;
    }

    /** How many exchanges it may have at once; 0 for any number. */
    public int maxConnections() {
        return config.maxConnections();
    }

    /** Exchanges under way, over all event loops. */
    public int inFlight() {
        return inFlight.get();
    }

    /** Counts one more exchange, if there is room for it. */
    public boolean tryBegin() {
        int max = config.maxConnections();
        if (max == 0) {
            inFlight.incrementAndGet();
            return true;
        }
        for (int now = inFlight.get(); now < max; now = inFlight.get()) {
            if (inFlight.compareAndSet(now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    public void exchangeEnds() {
        inFlight.decrementAndGet();
    }

    // ---- of its failures; where a method says nothing else: under the monitor of the backend

    /** One more in a row; returns how many there are. Any thread. */
    int failed() {
        return failures.incrementAndGet();
    }

    /** Ends the row. Any thread; costs a read where there is none. */
    void succeeded() {
        if (failures.get() != 0) {
            failures.set(0);
        }
    }

    /** Is left out, longer each time; a server that was well for as long as the longest time begins anew. */
    void eject(Ejection rule, long nowNanos) {
        failures.set(0);
        boolean longAgo =
                ejections > 0 && nowNanos - ejectedUntilNanos > rule.longest().toNanos();
        ejections = longAgo ? 1 : ejections + 1;
        long time = Math.min(
                rule.longest().toNanos(), Math.multiplyExact(rule.time().toNanos(), Math.min(ejections, 1000)));
        ejectedUntilNanos = nowNanos + time;
    }

    Duration ejectedFor(long nowNanos) {
        return Duration.ofNanos(ejectedUntilNanos - nowNanos);
    }

    boolean isEjectionOver(long nowNanos) {
        return nowNanos - ejectedUntilNanos >= 0;
    }

    void beginSlowly(long nowNanos) {
        warmSinceNanos = nowNanos;
        warmth = 1;
    }

    void warm() {
        warmth = WARM;
    }

    /** Whether it gets its whole share, and not less because it came back a moment ago. Any thread. */
    public boolean isWarm() {
        return warmth == WARM;
    }

    /** @return whether its share has changed */
    boolean warmUp(Duration slowStart, long nowNanos) {
        long step = Math.max(1, slowStart.toNanos() / WARM);
        int next = (int) Math.min(WARM, 1 + (nowNanos - warmSinceNanos) / step);
        boolean changed = next != warmth;
        warmth = next;
        return changed;
    }

    @Override
    public String toString() {
        return name;
    }
}
