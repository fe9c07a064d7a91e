package dev.postern.pki;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * What nearly every PEM file is: blocks of one kind, without headers, of whole base64. Reading these takes a tenth of what
 * it takes to read whatever PEM may be, which counts where thousands of files are read at start.
 */
final class PlainPem {
    private static final String BEGIN = "-----BEGIN ";

    // The tag of SEQUENCE, which certificates and keys are.
    private static final byte SEQUENCE = 0x30;

    private PlainPem() {}

    /** The DER in each block; empty where anything in the text is not as plain as that. */
    static List<byte[]> blocks(String text, String label) {
        String begin = BEGIN + label + "-----";
        String end = "-----END " + label + "-----";
        List<byte[]> blocks = new ArrayList<>();
        int at = text.indexOf(BEGIN);
        while (at >= 0) {
            int from = at + begin.length();
            int to = text.indexOf(end, from);
            if (to < 0 || !text.startsWith(begin, at) || !beginsLine(text, at) || !beginsLine(text, to)) {
                return List.of();
            }
            byte[] der = decoded(text, from, to);
            if (!isWhole(der)) {
                return List.of();
            }
            blocks.add(der);
            at = text.indexOf(BEGIN, to);
        }
        return blocks;
    }

    private static boolean beginsLine(String text, int at) {
        return at == 0 || text.charAt(at - 1) == '\n';
    }

    /** Empty where it is no base64. */
    private static byte[] decoded(String text, int from, int to) {
        byte[] base64 = new byte[to - from];
        int length = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c != '\n' && c != '\r') {
                // What is no ASCII is no base64 either.
                base64[length++] = c < 128 ? (byte) c : 0;
            }
        }
        try {
            return Base64.getDecoder().decode(Arrays.copyOf(base64, length));
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    /** Whether it is as long as its first bytes say. */
    private static boolean isWhole(byte[] der) {
        if (der.length < 2 || der[0] != SEQUENCE) {
            return false;
        }
        int first = der[1] & 0xff;
        if (first < 0x80) {
            return der.length == 2 + first;
        }
        int bytes = first & 0x7f;
        if (bytes < 1 || bytes > 3 || der.length < 2 + bytes) {
            return false;
        }
        int length = 0;
        for (int i = 0; i < bytes; i++) {
            length = (length << 8) | (der[2 + i] & 0xff);
        }
        return der.length == 2 + bytes + length;
    }
}
