package dev.postern.certificate.served;

import dev.postern.config.Addresses;
import java.net.InetAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP-01 answers that are due now: token → key authorization,
 * <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-8.3">RFC 8555 §8.3</a>. Written by orders, read by the
 * side port on any event loop.
 */
public final class ChallengeTable {
    /** A CA has a handful of validators; whoever else learns of a token must not fill the memory. */
    private static final int CLIENTS = 64;

    /**
     * @param name that the CA is to see proved
     * @param clients who were answered
     */
    private record Open(String name, String keyAuthorization, Set<String> clients) {}

    private final ConcurrentHashMap<String, Open> answers = new ConcurrentHashMap<>();
    private final @Nullable ReachabilityProbe probe;

    public ChallengeTable() {
        this(null);
    }

    /** @param probe answers to its tokens at any time; null where nobody asks */
    public ChallengeTable(@Nullable ReachabilityProbe probe) {
        this.probe = probe;
    }

    /**
     * Who was answered stays known where it is put once more.
     *
     * @param name that the CA is to see proved
     */
    public void put(String name, String token, String keyAuthorization) {
        answers.merge(
                token,
                new Open(name, keyAuthorization, ConcurrentHashMap.newKeySet()),
                (open, next) -> open.keyAuthorization().equals(keyAuthorization) ? open : next);
    }

    public void remove(String token) {
        answers.remove(token);
    }

    /** The body to answer with, or null where no challenge with this token is open. */
    public @Nullable String answer(String token) {
        Open open = answers.get(token);
        if (open != null) {
            return open.keyAuthorization();
        }
        return probe == null ? null : probe.answer(token);
    }

    /** {@link #answer(String)} to this client, which is remembered. */
    public @Nullable String answer(String token, String client) {
        Open open = answers.get(token);
        if (open != null && open.clients().size() < CLIENTS) {
            open.clients().add(client);
        }
        return answer(token);
    }

    /** How many clients were answered with this token; 0 where no challenge with it is open. */
    public int clients(String token) {
        Open open = answers.get(token);
        return open == null ? 0 : open.clients().size();
    }

    /**
     * Whether a CA may be about to look at this name: some challenge for it is open.
     *
     * @param host an IPv6 address in brackets
     */
    public boolean isOpenFor(String host) {
        InetAddress address = host.startsWith("[") ? Addresses.literal(host.substring(1, host.length() - 1)) : null;
        String name = address == null ? host : Addresses.text(address);
        return answers.values().stream().anyMatch(open -> open.name().equalsIgnoreCase(name));
    }
}
