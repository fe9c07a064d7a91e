package dev.postern.http.message;

/**
 * Where heads are parsed, shared by all connections of an event loop: as many bytes as the longest head allowed. A reload
 * may change how many; nothing is kept here between two calls, so that the next one finds its room. Event loop only.
 */
public final class HeadSpace {
    private final HeadParser parser;
    private byte[] bytes;

    public HeadSpace(HeadParser parser, int longest) {
        this.parser = parser;
        this.bytes = new byte[longest];
    }

    HeadParser parser() {
        return parser;
    }

    public byte[] bytes() {
        return bytes;
    }

    /** From now on a head may be so long. */
    public void longest(int length) {
        if (length != bytes.length) {
            bytes = new byte[length];
        }
    }
}
