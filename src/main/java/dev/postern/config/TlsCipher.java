package dev.postern.config;

import java.util.List;

/**
 * Cipher suites of TLS 1.2 that may be spoken: those with forward secrecy. Those of TLS 1.3 are all spoken, always: none of them is
 * weak, and the library has no way to leave one out.
 */
public enum TlsCipher {
    ECDHE_ECDSA_AES128_GCM_SHA256("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
    ECDHE_RSA_AES128_GCM_SHA256("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
    ECDHE_ECDSA_AES256_GCM_SHA384("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
    ECDHE_RSA_AES256_GCM_SHA384("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
    ECDHE_ECDSA_CHACHA20_POLY1305("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
    ECDHE_RSA_CHACHA20_POLY1305("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
    /** The others are for clients of before 2013: encryption that is authenticated the wrong way round. */
    ECDHE_ECDSA_AES128_SHA("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
    ECDHE_RSA_AES128_SHA("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
    ECDHE_ECDSA_AES256_SHA("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
    ECDHE_RSA_AES256_SHA("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA");

    /** Mozilla "intermediate" 5.7 without the DHE suites, which BoringSSL does not have. */
    public static final List<TlsCipher> INTERMEDIATE = List.of(
            ECDHE_ECDSA_AES128_GCM_SHA256,
            ECDHE_RSA_AES128_GCM_SHA256,
            ECDHE_ECDSA_AES256_GCM_SHA384,
            ECDHE_RSA_AES256_GCM_SHA384,
            ECDHE_ECDSA_CHACHA20_POLY1305,
            ECDHE_RSA_CHACHA20_POLY1305);

    private final String registered;

    TlsCipher(String registered) {
        this.registered = registered;
    }

    /** As OpenSSL, and with it every other proxy, calls it. */
    public String text() {
        return name().replace('_', '-');
    }

    /** As IANA's registry calls it, and Java does. */
    public String registered() {
        return registered;
    }
}
