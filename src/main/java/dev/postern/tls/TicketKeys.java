package dev.postern.tls;

import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys that session tickets are sealed with: new tickets with the newest, old tickets opened with any of the last
 * three (<a href="https://datatracker.ietf.org/doc/html/rfc5077#section-5.5">RFC 5077 §5.5</a>). Rotated twice a day, so
 * that a key which leaks later opens a day and a half of resumed sessions, no more. Kept in memory only: after a restart
 * clients make full handshakes.
 */
final class TicketKeys {
    private static final int KEPT = 3;

    private final SecureRandom random;
    // Replaced under the monitor; read by any thread.
    private volatile List<OpenSslSessionTicketKey> keys;

    TicketKeys(SecureRandom random) {
        this.random = random;
        this.keys = List.of(newKey());
    }

    OpenSslSessionTicketKey[] current() {
        return keys.toArray(OpenSslSessionTicketKey[]::new);
    }

    synchronized void rotate() {
        List<OpenSslSessionTicketKey> next = new ArrayList<>();
        next.add(newKey());
        next.addAll(keys);
        keys = List.copyOf(next.subList(0, Math.min(KEPT, next.size())));
    }

    private OpenSslSessionTicketKey newKey() {
        return new OpenSslSessionTicketKey(
                bytes(OpenSslSessionTicketKey.NAME_SIZE),
                bytes(OpenSslSessionTicketKey.HMAC_KEY_SIZE),
                bytes(OpenSslSessionTicketKey.AES_KEY_SIZE));
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
