package dev.postern.http.exchange;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What the requests of one event loop are called in the log, and in every answer that the edge makes itself. */
public final class RequestIds {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final int DIGITS = 8;

    /** The prefix, and the number of the last one behind it. */
    private byte[] id;

    private final int prefix;
    private long requests;

    /** @param prefix what makes them differ from those of all others */
    RequestIds(String prefix) {
        this.id = Arrays.copyOf(prefix.getBytes(StandardCharsets.US_ASCII), prefix.length() + DIGITS);
        this.prefix = prefix.length();
    }

    /** 16 to 20 hexadecimal digits; unique in this process, and very likely beyond. */
    public String next() {
        long left = requests++;
        if (left >>> (4 * (id.length - prefix)) != 0) {
            id = Arrays.copyOf(id, id.length + 1);
        }
        for (int i = id.length - 1; i >= prefix; i--) {
            id[i] = HEX[(int) left & 0xf];
            left >>>= 4;
        }
        return new String(id, StandardCharsets.ISO_8859_1);
    }
}
