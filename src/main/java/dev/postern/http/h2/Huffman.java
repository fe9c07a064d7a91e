package dev.postern.http.h2;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;

/**
 * The code of strings in header blocks, <a href="https://datatracker.ietf.org/doc/html/rfc7541#appendix-B">RFC 7541 appendix B</a>: read
 * four bits at a time.
 */
final class Huffman {
    /** The shortest symbol, in bits. */
    private static final int SHORTEST = 5;

    /** Which ends nothing, and is the padding (RFC 7541 §5.2). */
    private static final int END = 256;

    /** Of each symbol, in bits. The code is canonical: the shorter before the longer, and those of a length in their order. */
    private static final byte[] LENGTHS = {
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28,
        28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15,
        6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22,
        20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23,
        23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22,
        22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26,
        27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27,
        26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
    };

    /** As many as there are symbols besides {@link #END}: where in the tree of the code one can be between two bits. */
    private static final int STATES = 256;

    /**
     * What four bits lead to, from each state: the next state, a symbol in the second byte, and these.
     */
    private static final int[] STEPS = new int[STATES << 4];

    private static final int SYMBOL = 1 << 16;
    private static final int WRONG = 1 << 17;

    /** States in which a string may end: nothing was begun, or only padding. */
    private static final boolean[] MAY_END = new boolean[STATES];

    static {
        int[][] tree = tree();
        for (int state = 0; state < STATES; state++) {
            for (int bits = 0; bits < 16; bits++) {
                STEPS[(state << 4) | bits] = step(tree, state, bits);
            }
        }
        // Fewer than eight bits, all of them 1.
        int padding = 0;
        for (int i = 0; i < 8; i++) {
            MAY_END[padding] = true;
            padding = tree[padding][1];
        }
    }

    private Huffman() {}

    /** By state and bit: another state, or ~symbol. */
    private static int[][] tree() {
        int[][] tree = new int[STATES][2];
        int states = 1;
        int code = 0;
        int before = 0;
        for (int length = 1; length <= 30; length++) {
            code <<= length - before;
            before = length;
            for (int symbol = 0; symbol <= END; symbol++) {
                if (LENGTHS[symbol] != length) {
                    continue;
                }
                int state = 0;
                for (int bit = length - 1; bit > 0; bit--) {
                    int which = (code >> bit) & 1;
                    if (tree[state][which] == 0) {
                        tree[state][which] = states++;
                    }
                    state = tree[state][which];
                }
                tree[state][code & 1] = ~symbol;
                code++;
            }
        }
        return tree;
    }

    private static int step(int[][] tree, int from, int bits) {
        int state = from;
        int found = 0;
        for (int bit = 3; bit >= 0; bit--) {
            int next = tree[state][(bits >> bit) & 1];
            if (next == ~END) {
                return WRONG;
            }
            if (next < 0) {
                found = SYMBOL | (~next << 8);
                next = 0;
            }
            state = next;
        }
        return found | state;
    }

    /** How many bytes may come of so many. */
    static int longest(int encoded) {
        return encoded * 8 / SHORTEST;
    }

    /**
     * Reads a string.
     *
     * @param out with room for {@link #longest}, behind {@code to}
     * @return where the string ends in {@code out}
     */
    static int read(byte[] in, int from, int end, byte[] out, int to) throws Http2Exception {
        int state = 0;
        int at = to;
        for (int i = from; i < end; i++) {
            int high = STEPS[(state << 4) | ((in[i] >> 4) & 0xf)];
            if ((high & SYMBOL) != 0) {
                out[at++] = (byte) (high >> 8);
            }
            int low = STEPS[((high & 0xff) << 4) | (in[i] & 0xf)];
            if ((low & SYMBOL) != 0) {
                out[at++] = (byte) (low >> 8);
            }
            if (((high | low) & WRONG) != 0) {
                throw wrong("end of string inside of a string");
            }
            state = low & 0xff;
        }
        if (!MAY_END[state]) {
            throw wrong("padding that is none");
        }
        return at;
    }

    private static Http2Exception wrong(String what) {
        return Http2Exception.connectionError(Http2Error.COMPRESSION_ERROR, "Huffman code: %s", what);
    }
}
