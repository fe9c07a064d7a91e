package dev.postern.backend;

import dev.postern.config.Configuration;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One address of a backend, and what is known of it. Read and written by every event loop. */
public final class Server {
    /** What is known of a server. */
    public enum State {
        /** Gets its share. */
        UP,
        /** Refused a connection a moment ago; skipped until it accepts one, unless there is no other. */
        REFUSING,
        /** Failed its health checks. */
        DOWN
    }

    private final String name;
    // Replaced by a reload; read by any thread.
    private volatile Configuration.Server config;
    private final AtomicInteger inFlight = new AtomicInteger();
    // Written by the resolver thread; read by any event loop. Unresolved until DNS has answered.
    private volatile InetSocketAddress address;
    // Written under the monitor of the backend; read by any thread.
    private volatile State state = State.UP;
    // Set once, by a reload; read by any event loop.
    private volatile boolean retired;

    Server(Configuration.Server config) {
        this.config = config;
        this.name = config.address();
        this.address = Addresses.literal(config);
    }

    /** {@code host:port} as configured. */
    public String name() {
        return name;
    }

    public int weight() {
        return config.weight();
    }

    /** What part of the backend's exchanges it is to get, compared with the shares of the others. */
    public int share() {
        return config.weight();
    }

    /** Whether it may get one more exchange. */
    public boolean hasRoom() {
        return true;
    }

    Configuration.Server config() {
        return config;
    }

    /** The same address under another configuration; whatever is known of it stays. */
    void config(Configuration.Server next) {
        config = next;
    }

    /** No longer part of its backend: exchanges under way go on, no connection of it is kept. */
    public boolean isRetired() {
        return retired;
    }

    void retire() {
        retired = true;
    }

    public InetSocketAddress address() {
        return address;
    }

    /** Whether a connection to {@code remote} is one to where the server is now. */
    public boolean isAt(@Nullable SocketAddress remote) {
        return address.equals(remote);
    }

    void address(InetSocketAddress resolved) {
        this.address = resolved;
    }

    public State state() {
        return state;
    }

    void state(State next) {
        this.state = next;
    }

    /** Exchanges under way, over all event loops. */
    public int inFlight() {
        return inFlight.get();
    }

    public void exchangeBegins() {
        inFlight.incrementAndGet();
    }

    public void exchangeEnds() {
        inFlight.decrementAndGet();
    }

    @Override
    public String toString() {
        return name;
    }
}
