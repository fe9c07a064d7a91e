package dev.postern.http.exchange;

import dev.postern.config.Tolerance;
import dev.postern.config.Variable;
import dev.postern.http.message.RequestHead;
import dev.postern.route.Route;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A request on its way to a server: what there is to ask about it, for whoever writes its head. Event loop only. */
public interface OutgoingRequest {
    /** In logs, and in what the client is told. */
    String id();

    /** As the server is sent it. */
    RequestHead request();

    /** The connection it came on. */
    Client client();

    /** Whose it is. */
    Requester requester();

    /** Null for what belongs to no site. */
    @Nullable Route route();

    /** The Host that the server is asked for; null for that of the client. */
    @Nullable String sentHost();

    /** What a variable in the value of a header stands for. */
    String variable(Variable variable);

    /** What the server may do besides what any server may. */
    Set<Tolerance> tolerated();

    /** Which trace it is part of; null where nobody traces. */
    default @Nullable Trace trace() {
        return null;
    }

    /** So many fields of its head do not reach the server, for their names alone; said again with each attempt. */
    void leavesOut(int fields);
}
