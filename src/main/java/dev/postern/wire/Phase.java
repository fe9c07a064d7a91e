package dev.postern.wire;

/** How far an exchange, or a tunnel, came. The letters are HAProxy's where it has the same phase. */
public enum Phase {
    /** Its head was being read, or decided upon. */
    HEAD('R', "request head"),
    /** The rest of its body was being read. */
    BODY('B', "request body"),
    /** It waited for a server to have room. */
    QUEUE('Q', "queue"),
    CONNECT('C', "connect"),
    /** The server had the whole request, and not answered yet. */
    RESPONSE_HEAD('H', "response head"),
    RESPONSE_BODY('D', "response body"),
    /** The connection was upgraded, and bytes went back and forth. */
    TUNNEL('T', "tunnel"),
    COMPLETE('-', "complete");

    private final char letter;
    private final String words;

    Phase(char letter, String words) {
        this.letter = letter;
        this.words = words;
    }

    public char letter() {
        return letter;
    }

    public String words() {
        return words;
    }
}
