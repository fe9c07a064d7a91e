package dev.postern.config;

/** What the servers of a backend speak, in plaintext or over TLS. */
public enum ServerProtocol {
    HTTP_1("http1"),
    /** HTTP/2, known beforehand; over TLS they have to agree to it. */
    H2C("h2c");

    private final String text;

    ServerProtocol(String text) {
        this.text = text;
    }

    /** As in the file. */
    public String text() {
        return text;
    }
}
