package dev.postern.tls;

import java.util.Locale;

/** Is told of every handshake at its end. Any event loop; must be quick. */
public interface HandshakeObserver {
    /** Why there was no handshake. */
    enum Failure {
        /** The client names a site that has no certificate, or none. */
        NO_CERTIFICATE,
        /** What came is no ClientHello. */
        MALFORMED,
        /** A certificate cannot be used, no challenge is open, or no protocol is spoken by both. */
        REFUSED,
        /** Not complete within {@code timeouts.handshake}. */
        TIMEOUT,
        /** The two could not agree, or the client did not like our certificate. */
        FAILED,
        /** The client has shown no certificate where one is required, or none that is good. */
        CLIENT_CERTIFICATE,
        /** The client went away before it was complete. */
        GONE;

        /** Stable, lower-case, with underscores. */
        public String reason() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @param version such as {@code TLSv1.3} */
    void completed(String version);

    void failed(Failure why);
}
