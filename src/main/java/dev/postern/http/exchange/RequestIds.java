package dev.postern.http.exchange;

/** What the requests of one event loop are called in the log, and in every answer that the edge makes itself. */
public final class RequestIds {
    private static final String ZEROS = "0".repeat(8);

    private final String prefix;
    private long requests;

    /** @param prefix what makes them differ from those of all others */
    RequestIds(String prefix) {
        this.prefix = prefix;
    }

    /** 16 to 20 hexadecimal digits; unique in this process, and very likely beyond. */
    public String next() {
        String number = Long.toHexString(requests++);
        return prefix + ZEROS.substring(Math.min(number.length(), ZEROS.length())) + number;
    }
}
