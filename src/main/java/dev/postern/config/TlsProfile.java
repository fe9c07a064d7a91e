package dev.postern.config;

/** Mozilla's names, <a href="https://wiki.mozilla.org/Security/Server_Side_TLS">Server Side TLS 5.7</a>. */
public enum TlsProfile {
    MODERN,
    INTERMEDIATE
}
