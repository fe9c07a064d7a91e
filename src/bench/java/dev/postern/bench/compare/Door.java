package dev.postern.bench.compare;

/** A way into a proxy; which of them there are, and to what they lead, is the job. */
enum Door {
    /** TLS, to the server that speaks HTTP/1.1. */
    WEB,

    /** TLS, to the server that speaks HTTP/2 in plaintext. */
    WEB_TO_H2C,

    /** Layer 4, passed on as it comes. */
    TCP,

    /** Layer 4, of which TLS is taken off. */
    TCP_TLS;

    /** Whom clients ask for: the certificate has both names. */
    String host() {
        return this == WEB_TO_H2C ? "h2c.localhost" : "localhost";
    }

    boolean isTls() {
        return this != TCP;
    }
}
