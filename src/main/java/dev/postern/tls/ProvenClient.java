package dev.postern.tls;

import dev.postern.config.ClientCertificates;
import dev.postern.identity.ClientAuthorities;
import dev.postern.identity.Judgement;
import dev.postern.identity.ShownFacts;
import dev.postern.wire.ClientCertificate;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * What the client of one connection has shown when it was asked for a certificate. It is judged again when a file has changed
 * since, or something has ended: a connection may last longer than the certificate that it was made with. Event loop only.
 */
final class ProvenClient {
    private final ClientAuthorities.OfSite asked;
    /** Its own first; none where it has shown none. */
    private final List<X509Certificate> chain;

    private @Nullable Judgement judgement;
    private ClientCertificate certificate = ClientCertificate.NONE;

    private ProvenClient(ClientAuthorities.OfSite asked, List<X509Certificate> chain, @Nullable Judgement judgement) {
        this.asked = asked;
        this.chain = chain;
        if (judgement != null) {
            judged(judgement);
        }
    }

    /** @param judgement of the handshake; null where there was none to make */
    static ProvenClient of(ClientAuthorities.OfSite asked, SSLEngine engine, @Nullable Judgement judgement) {
        List<X509Certificate> chain = new ArrayList<>();
        try {
            for (Certificate one : engine.getSession().getPeerCertificates()) {
                chain.add((X509Certificate) one);
            }
        } catch (SSLPeerUnverifiedException e) {
            return new ProvenClient(asked, List.of(), null);
        }
        // The JDK resumes sessions of itself, and asks nobody then.
        return new ProvenClient(
                asked, List.copyOf(chain), judgement == null ? asked.authority().judge(chain) : judgement);
    }

    boolean isAskedAs(ClientCertificates policy) {
        return asked.config().isAskedAs(policy);
    }

    /** Whether it is to be let in at all. */
    boolean isWelcome() {
        return asked.config().mode() == ClientCertificates.Mode.REQUEST || certificate.isVerified();
    }

    /** As it is now. */
    ClientCertificate certificate() {
        if (judgement != null && !asked.authority().stands(judgement)) {
            judged(asked.authority().judge(chain));
        }
        return certificate;
    }

    private void judged(Judgement now) {
        judgement = now;
        certificate = ShownFacts.of(now);
    }
}
