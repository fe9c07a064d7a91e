package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.function.Consumer;

/** A place held at a server (a slot, in other proxies): counted there until it is given back. One thread at a time. */
public final class Lease {
    private final Server server;
    private final Consumer<Server> back;
    private boolean over;

    Lease(Server server, Consumer<Server> back) {
        this.server = server;
        this.back = back;
    }

    public Server server() {
        return server;
    }

    /** Gives the place back: whoever waits for one comes next. Once is enough, more does no harm. */
    public void release() {
        if (!over) {
            over = true;
            back.accept(server);
        }
    }
}
