package dev.postern.http.message;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for lately, by its spelling: requests ask for the same few hosts again and again. Bounded, so that whoever
 * asks for others all the time has them parsed each time, and takes nothing from anybody but that. Event loop only.
 */
final class Authorities {
    /** A power of two. */
    private static final int PLACES = 256;

    /** Bytes. What is longer is parsed each time. */
    private static final int LONGEST = 128;

    /** @param spelling as it came */
    @SuppressWarnings("ArrayRecordComponent") // Written once, never compared.
    private record Known(byte[] spelling, Authority authority) {}

    private final @Nullable Known[] known = new Known[PLACES];

    /** As {@link Authority#parse}. */
    Authority of(byte[] b, int from, int to) throws BadMessage {
        int length = to - from;
        if (length > LONGEST) {
            return Authority.parse(b, from, to);
        }
        int hash = length;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + b[i];
        }
        int place = (hash ^ hash >>> 8) & PLACES - 1;
        Known before = known[place];
        if (before != null && Arrays.equals(before.spelling, 0, before.spelling.length, b, from, to)) {
            return before.authority;
        }
        Authority made = Authority.parse(b, from, to);
        known[place] = new Known(Arrays.copyOfRange(b, from, to), made);
        return made;
    }
}
