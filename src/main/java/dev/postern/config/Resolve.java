package dev.postern.config;

/** What the addresses of a server's name are. */
public enum Resolve {
    /** Where one server is: it is asked at any of them that answers. */
    ANY("any"),
    /** Each is a server of its own. */
    EACH("each");

    private final String text;

    Resolve(String text) {
        this.text = text;
    }

    /** As in the file. */
    public String text() {
        return text;
    }
}
