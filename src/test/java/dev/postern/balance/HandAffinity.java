package dev.postern.balance;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request as a test describes it. */
record HandAffinity(String client, String target, Map<String, String> headers) implements Affinity {
    @Override
    public InetAddress clientAddress() {
        try {
            return InetAddress.getByName(client);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @Override
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    @Override
    public @Nullable String cookie(String name) {
        return headers.get("Cookie " + name);
    }
}
