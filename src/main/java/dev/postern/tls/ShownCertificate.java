package dev.postern.tls;

import dev.postern.certificate.served.CertificateTable;
import dev.postern.config.ClientCertificates;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.wire.ClientCertificate;
import org.jspecify.annotations.Nullable;

/**
 * What a client was shown in its handshake. By that it judges for which hosts it may use the connection
 * (<a href="https://datatracker.ietf.org/doc/html/rfc9113#section-9.1.1">RFC 9113 §9.1.1</a>), and so do we, whatever
 * became of the sites since. Beside what the client was asked for itself, nothing else of a handshake differs from site to site.
 * Any thread, but for what a method says otherwise.
 */
public final class ShownCertificate {
    private final String serverName;
    private final Certificate certificate;
    private final CertificateTable certificates;
    private final @Nullable ProvenClient client;

    /** @param client null where it was asked for no certificate */
    ShownCertificate(
            String serverName, Certificate certificate, CertificateTable certificates, @Nullable ProvenClient client) {
        this.serverName = serverName;
        this.certificate = certificate;
        this.certificates = certificates;
        this.client = client;
    }

    /** What the client asked for, in lower case and without a trailing dot; where it named none, the address it came to. */
    public String serverName() {
        return serverName;
    }

    /** The site that the client named, or the one for those who name nobody's. */
    public String site() {
        return Site.ofCertificate(certificate.site());
    }

    /** Whether the client was asked for a certificate as {@code policy} says; null for no certificate. */
    public boolean isAskedAs(@Nullable ClientCertificates policy) {
        return client == null ? policy == null : policy != null && client.isAskedAs(policy);
    }

    /**
     * What the client has shown itself, judged again where that is due; null where it was not asked. On the event loop of the
     * connection.
     */
    public @Nullable ClientCertificate client() {
        return client == null ? null : client.certificate();
    }

    /** Whether {@code host}, of another site, would be shown the very same certificate, and that covers it. */
    public boolean isAlsoOf(String site, String host) {
        return certificate.covers(host)
                && (isOf(site, certificates.find(host)) || isOf(site, certificates.findSecond(host)));
    }

    private boolean isOf(String other, @Nullable Certificate theirs) {
        return theirs != null && Site.ofCertificate(theirs.site()).equals(other) && theirs.isSame(certificate);
    }
}
