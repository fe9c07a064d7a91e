package dev.postern.balance;

import dev.postern.backend.Server;
import dev.postern.config.Stickiness;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The cookie that brings a client back to its server. Its value is a keyed hash of the server's name: it says nothing
 * about the servers to anybody, nobody can make one up, and it means the same after a restart, a reload, and to another
 * Postern with the same secret. Immutable; any thread.
 */
public final class StickyCookie {
    /** 128 bits: none of them is ever guessed, or the same as another. */
    private static final int BYTES = 16;

    private final String name;
    private final String attributes;
    private final Map<String, Server> byValue = new HashMap<>();
    private final Map<Server, String> values = new HashMap<>();

    StickyCookie(Stickiness config, String backend, List<Server> servers, byte[] secret) {
        this.name = config.cookie();
        this.attributes = "; Path=" + config.path()
                + (config.maxAge() == null ? "" : "; Max-Age=" + config.maxAge().toSeconds()) + "; HttpOnly; SameSite="
                + config.sameSite().text();
        Mac mac = mac(secret);
        for (Server server : servers) {
            byte[] hash = mac.doFinal((backend + '\n' + server.name()).getBytes(StandardCharsets.UTF_8));
            String value = Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(hash, BYTES));
            values.put(server, value);
            byValue.put(value, server);
        }
    }

    private static Mac mac(byte[] secret) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    public String name() {
        return name;
    }

    /** The server that a client with this cookie was sent to; null where it is none of ours, or none any more. */
    public @Nullable Server server(@Nullable String value) {
        return value == null ? null : byValue.get(value);
    }

    /**
     * What {@code Set-Cookie} says so that the client comes back to {@code server}; null where that has left the backend.
     *
     * @param secure the client is on TLS
     */
    public @Nullable String setCookie(Server server, boolean secure) {
        String value = values.get(server);
        return value == null ? null : name + '=' + value + attributes + (secure ? "; Secure" : "");
    }
}
