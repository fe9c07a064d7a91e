package dev.postern.ca.acme;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Each is good for one request, <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-6.5">RFC 8555 §6.5</a>.
 * Where more are outstanding than we remember, the oldest become bad, and their holders are told to try again.
 */
final class Nonces {
    /** A client holds one or two at a time; 10,000 are far more than a CA inside one process has clients, and 1 MB. */
    private static final int REMEMBERED = 10_000;

    private final Tokens tokens;
    private final Set<String> outstanding = new LinkedHashSet<>();

    Nonces(Tokens tokens) {
        this.tokens = tokens;
    }

    synchronized String next() {
        if (outstanding.size() >= REMEMBERED) {
            Iterator<String> oldest = outstanding.iterator();
            oldest.next();
            oldest.remove();
        }
        String nonce = tokens.next();
        outstanding.add(nonce);
        return nonce;
    }

    /** False where we never gave it out, or it was used before. */
    synchronized boolean redeem(String nonce) {
        return outstanding.remove(nonce);
    }
}
