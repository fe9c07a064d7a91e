package dev.postern.config;

import java.util.Locale;

/** How a key may be agreed on (named groups, curves). */
public enum TlsGroup {
    /** Two ways at once, of which one is not broken by quantum computers. */
    X25519MLKEM768("X25519MLKEM768"),
    X25519("x25519"),
    SECP256R1("P-256"),
    SECP384R1("P-384"),
    SECP521R1("P-521");

    private final String libraryName;

    TlsGroup(String libraryName) {
        this.libraryName = libraryName;
    }

    /** As IANA's registry calls it. */
    public String text() {
        return this == X25519MLKEM768 ? name() : name().toLowerCase(Locale.ROOT);
    }

    /** As NIST, and BoringSSL, call it. */
    public String libraryName() {
        return libraryName;
    }
}
