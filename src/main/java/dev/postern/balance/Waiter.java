package dev.postern.balance;

import dev.postern.backend.Server;
import java.util.Set;

/** An exchange that waits until a server has room for it. */
public interface Waiter {
    Affinity affinity();

    /** Does not change while it waits. */
    Set<Server> tried();

    /** Its turn has come: the place is its own, to be released. Any thread. */
    void granted(Lease place);
}
