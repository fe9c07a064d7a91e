package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.Set;

/** An exchange that waits until a server has room for it. */
public interface Waiter {
    Affinity affinity();

    /** Does not change while it waits. */
    Set<Server> tried();

    /** Its turn has come: the exchange is counted with {@code server}, and has to be released from it. Any thread. */
    void granted(Server server);
}
