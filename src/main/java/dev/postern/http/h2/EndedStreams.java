package dev.postern.http.h2;

/** What is remembered of the streams of one connection after their end: not much, for there are very many. */
final class EndedStreams {
    /** A client hears of a reset within a round trip; it does not open more streams than this meanwhile. */
    private static final int REMEMBERED = 128;

    // Made when first needed: most connections see no reset. Identifiers of clients' streams are odd: 0 is none.
    private int[] resets = {};
    private int next;
    private int last = -1;
    private int skippedFrom = 1;
    private int skippedTo;

    /** A stream begins; those between it and the one before never will (RFC 9113 §5.1.1). */
    void began(int id) {
        if (id > last + 2) {
            skippedFrom = last + 2;
            skippedTo = id - 2;
        }
        last = Math.max(last, id);
    }

    /** We reset it: the client may have sent more before it heard of that. */
    void reset(int id) {
        if (resets.length == 0) {
            resets = new int[REMEMBERED];
        }
        resets[next] = id;
        next = (next + 1) % REMEMBERED;
    }

    /** Whether a frame came for a stream after we had reset it. */
    enum Late {
        FIRST,
        AGAIN,
        /** We did not reset it, or long ago. */
        NEVER
    }

    Late late(int id) {
        for (int i = 0; i < resets.length; i++) {
            if (resets[i] == id) {
                resets[i] = -id;
                return Late.FIRST;
            }
            if (resets[i] == -id) {
                return Late.AGAIN;
            }
        }
        return Late.NEVER;
    }

    /** Whether the client left it out when it last did so. */
    boolean wasSkipped(int id) {
        return id >= skippedFrom && id <= skippedTo;
    }
}
