package dev.postern.tls;

import dev.postern.pki.Certificate;

/**
 * What a client was shown in its handshake. By that it judges for which hosts it may use the connection
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-9.1.1">RFC 9113 §9.1.1</a>), and so do we, whatever
 * became of the sites since. Nothing else that a handshake agrees on differs from site to site. Any thread.
 */
public final class ShownCertificate {
    private final String serverName;
    private final Certificate certificate;
    private final ServerContexts contexts;

    ShownCertificate(String serverName, Certificate certificate, ServerContexts contexts) {
        this.serverName = serverName;
        this.certificate = certificate;
        this.contexts = contexts;
    }

    /** What the client asked for, in lower case and without a trailing dot; where it named none, the address it came to. */
    public String serverName() {
        return serverName;
    }

    /** The site that the client named, or the one for those who name nobody's. */
    public String site() {
        return certificate.site();
    }

    /** Whether {@code host}, of another site, would be shown the very same certificate, and that covers it. */
    public boolean isAlsoOf(String site, String host) {
        Certificate theirs = certificate.covers(host) ? contexts.certificate(host) : null;
        return theirs != null && theirs.site().equals(site) && theirs.isSame(certificate);
    }
}
