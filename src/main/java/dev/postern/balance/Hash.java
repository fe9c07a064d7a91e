package dev.postern.balance;

/**
 * 64 bits of a text, the same on every machine and after every restart: several Posterns send a key to the same server.
 * No secret is in it; against clients who look for keys that meet on one server, its load is bounded.
 */
final class Hash {
    // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/.
    private static final long OFFSET = 0xcbf29ce484222325L;
    private static final long PRIME = 0x100000001b3L;

    private Hash() {}

    static long of(String text, int from, int to) {
        long hash = OFFSET;
        for (int i = from; i < to; i++) {
            hash = (hash ^ text.charAt(i)) * PRIME;
        }
        return mix(hash);
    }

    static long of(String text) {
        return of(text, 0, text.length());
    }

    static long of(byte[] bytes) {
        long hash = OFFSET;
        for (byte b : bytes) {
            hash = (hash ^ (b & 0xff)) * PRIME;
        }
        return mix(hash);
    }

    /** Spreads every bit over all of them: the finalizer of SplitMix64. */
    static long mix(long bits) {
        long z = (bits ^ (bits >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }

    /** Above 0 and below 1, every value as likely as any other. */
    static double fraction(long bits) {
        return ((bits >>> 11) + 0.5) * 0x1p-53;
    }
}
