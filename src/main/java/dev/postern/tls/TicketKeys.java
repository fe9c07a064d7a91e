package dev.postern.tls;

import io.netty.handler.ssl.OpenSslSessionTicketKey;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The keys that session tickets are sealed with: new tickets with the newest, old tickets opened with any of the last
 * three (<a href="https://datatracker.ietf.org/doc/html/rfc5077#section-5.5">RFC 5077 §5.5</a>). Rotated twice a day, so
 * that a key which leaks later opens a day and a half of resumed sessions, no more. Kept in memory only: after a restart
 * clients make full handshakes, but where a process that replaces another one is handed its keys.
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

    /** All of them, the newest first, for the process that replaces this one. */
    List<byte[]> bytes() {
        return keys.stream()
                .map(key -> ByteBuffer.allocate(OpenSslSessionTicketKey.TICKET_KEY_SIZE)
                        .put(key.name())
                        .put(key.hmacKey())
                        .put(key.aesKey())
                        .array())
                .toList();
    }

    /** Instead of those made here; before anything is sealed. Whatever is no key is left out. */
    synchronized void take(List<byte[]> handed) {
        List<OpenSslSessionTicketKey> taken = handed.stream()
                .filter(bytes -> bytes.length == OpenSslSessionTicketKey.TICKET_KEY_SIZE)
                .limit(KEPT)
                .map(TicketKeys::key)
                .toList();
        if (!taken.isEmpty()) {
            keys = taken;
        }
    }

    private static OpenSslSessionTicketKey key(byte[] bytes) {
        int hmac = OpenSslSessionTicketKey.NAME_SIZE;
        int aes = hmac + OpenSslSessionTicketKey.HMAC_KEY_SIZE;
        return new OpenSslSessionTicketKey(
                Arrays.copyOfRange(bytes, 0, hmac),
                Arrays.copyOfRange(bytes, hmac, aes),
                Arrays.copyOfRange(bytes, aes, bytes.length));
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
