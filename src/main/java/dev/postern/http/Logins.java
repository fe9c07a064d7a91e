package dev.postern.http;

import dev.postern.config.BasicAuth;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at passwords. To compare one with its hash takes a large part of a second by design: that is done on threads of
 * its own, once for each user and password, and only so much of it at once that strangers cannot keep the machine busy
 * with guesses. What was found is remembered under a keyed hash, so that the memory holds no passwords. Any thread.
 */
public final class Logins {
    private static final Logger log = LoggerFactory.getLogger(Logins.class);

    /** How many passwords may wait to be looked at; with a quarter of a second for each, the last one waits 16 s. */
    static final int WAITING = 64;

    /** How many of those may be of one client: somebody who guesses keeps only himself waiting. */
    static final int WAITING_OF_ONE_CLIENT = 4;

    /** Right ones are as many as there are users; of wrong ones, the last that came. */
    private static final int REMEMBERED = 10_000;

    /** Whoever has a longer one is not a person: bcrypt looks at 72 bytes. */
    private static final int LONGEST = 1024;

    /** What is known at once of a user and a password. */
    enum Answer {
        RIGHT,
        WRONG,
        /** Is being looked at; whoever asked will be told. */
        LATER,
        TOO_MANY_OF_THIS_CLIENT,
        TOO_MANY
    }

    /** A password that is being looked at, and all who wait for it. */
    private static final class Look {
        private final Object client;
        private final List<Consumer<Boolean>> waiting = new ArrayList<>();

        Look(Object client) {
            this.client = client;
        }
    }

    private final Executor executor;
    private final SecretKeySpec key;
    private final ThreadLocal<Mac> mac = ThreadLocal.withInitial(this::newMac);
    private final Set<String> right = ConcurrentHashMap.newKeySet();
    private final Set<String> wrong = ConcurrentHashMap.newKeySet();
    /** Guarded by itself; held for as long as it takes to look into it. */
    private final Map<String, Look> looks = new HashMap<>();

    /** @param executor whose threads may be busy for long */
    public Logins(Executor executor, SecureRandom random) {
        this.executor = executor;
        byte[] secret = new byte[32];
        random.nextBytes(secret);
        this.key = new SecretKeySpec(secret, "HmacSHA256");
    }

    /**
     * Whether a user is let in.
     *
     * @param client whose guess it is
     * @param told hears the verdict where the answer is {@link Answer#LATER}; on another thread
     */
    Answer ask(BasicAuth auth, String user, byte[] password, InetAddress client, Consumer<Boolean> told) {
        if (password.length > LONGEST) {
            return Answer.WRONG;
        }
        String known = auth.users().get(user);
        // A name that does not exist takes as long as one that does.
        String hash = known == null ? costliest(auth) : known;
        String digest = digest(user, password, hash, known != null);
        if (right.contains(digest)) {
            return Answer.RIGHT;
        }
        if (wrong.contains(digest)) {
            return Answer.WRONG;
        }
        synchronized (looks) {
            Look look = looks.get(digest);
            if (look == null) {
                Object from = network(client);
                if (looks.size() >= WAITING) {
                    return Answer.TOO_MANY;
                }
                if (looks.values().stream()
                                .filter(each -> each.client.equals(from))
                                .count()
                        >= WAITING_OF_ONE_CLIENT) {
                    return Answer.TOO_MANY_OF_THIS_CLIENT;
                }
                look = new Look(from);
                try {
                    executor.execute(() -> look(digest, hash, password, known != null));
                } catch (RejectedExecutionException e) {
                    return Answer.TOO_MANY;
                }
                looks.put(digest, look);
            }
            look.waiting.add(told);
            return Answer.LATER;
        }
    }

    private void look(String digest, String hash, byte[] password, boolean known) {
        boolean verdict = false;
        try {
            verdict = OpenBSDBCrypt.checkPassword(hash, password) && known;
        } catch (RuntimeException e) {
            log.error("auth: bug", e);
        }
        Set<String> remembered = verdict ? right : wrong;
        if (remembered.size() >= REMEMBERED) {
            remembered.clear();
        }
        remembered.add(digest);
        Look look;
        synchronized (looks) {
            look = looks.remove(digest);
        }
        if (look != null) {
            for (Consumer<Boolean> told : look.waiting) {
                tell(told, verdict);
            }
        }
    }

    private static void tell(Consumer<Boolean> told, boolean verdict) {
        try {
            told.accept(verdict);
        } catch (RejectedExecutionException e) {
            log.debug("auth: too late, the event loop has ended");
        }
    }

    private static String costliest(BasicAuth auth) {
        return auth.users().values().stream()
                .max((a, b) -> a.substring(4, 6).compareTo(b.substring(4, 6)))
                .orElseThrow();
    }

    /** With the hash in it: what was found of a password ends with that password. */
    private String digest(String user, byte[] password, String hash, boolean known) {
        Mac hmac = mac.get();
        hmac.update((known ? "user " : "nobody ").getBytes(StandardCharsets.US_ASCII));
        hmac.update(hash.getBytes(StandardCharsets.US_ASCII));
        hmac.update(user.getBytes(StandardCharsets.UTF_8));
        hmac.update((byte) 0);
        return HexFormat.of().formatHex(hmac.doFinal(password));
    }

    private Mac newMac() {
        try {
            Mac made = Mac.getInstance("HmacSHA256");
            made.init(key);
            return made;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An IPv6 client has a whole /64 to come from. */
    private static Object network(InetAddress client) {
        if (!(client instanceof Inet6Address)) {
            return client;
        }
        byte[] address = client.getAddress();
        Arrays.fill(address, 8, 16, (byte) 0);
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }
}
