package dev.postern.http.exchange;

import dev.postern.backend.ProxyPreamble;
import dev.postern.http.message.RequestHead;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Whose request it is: the address of the connection or, where that is a trusted proxy's, the one for which the proxies
 * that are trusted say they speak (real IP). Event loop only.
 */
public final class Requester {
    private final Client connection;
    private final @Nullable RequestHead head;
    /** Found out when somebody asks for the first time; only where the connection is a trusted proxy's. */
    private @Nullable InetAddress found;

    /** @param head null where it could not be read */
    Requester(Client connection, @Nullable RequestHead head) {
        this.connection = connection;
        this.head = head;
    }

    /** Costs nothing where no proxy is trusted. */
    public InetAddress address() {
        InetAddress known = found;
        if (known == null && head != null && connection.isTrusted()) {
            known = ForwardedFor.client(head.fields(), connection);
            found = known;
        }
        return known == null ? connection.address() : known;
    }

    /** The same, without the head that says so. */
    Requester known() {
        Requester known = new Requester(connection, null);
        known.found = address();
        return known;
    }

    /** What servers that want every connection to begin with the client are told. */
    ProxyPreamble preamble() {
        InetAddress address = address();
        // Of a client that a proxy speaks for no port is known.
        return new ProxyPreamble(
                address.equals(connection.address())
                        ? connection.endpoints().client()
                        : new InetSocketAddress(address, 0),
                connection.endpoints().local());
    }

    /** The client, and the proxy that speaks for it, for the log. */
    String text() {
        InetAddress address = address();
        return address.equals(connection.address())
                ? connection.text()
                : NetUtil.toAddressString(address) + " through " + connection.text();
    }
}
