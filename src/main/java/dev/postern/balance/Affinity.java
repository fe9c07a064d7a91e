package dev.postern.balance;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What of a request a choice of server may depend on. Asked only by algorithms that need it, when they choose; on the
 * event loop of the exchange.
 */
public interface Affinity {
    /** Of a request that nothing is known of: no algorithm finds its key. */
    Affinity NONE = new Affinity() {
        @Override
        public @Nullable InetAddress clientAddress() {
            return null;
        }

        @Override
        public String target() {
            return "";
        }

        @Override
        public @Nullable String header(String name) {
            return null;
        }

        @Override
        public @Nullable String cookie(String name) {
            return null;
        }
    };

    /** Whose request it is. */
    @Nullable InetAddress clientAddress();

    /** The path in the form that routes are chosen by, and the query. */
    String target();

    /** The value of the first field of this name, in any case of its letters; null where there is none. */
    @Nullable String header(String name);

    /** The value of the first cookie of this name; null where there is none. */
    @Nullable String cookie(String name);
}
