package dev.postern.acme;

import dev.postern.pki.Chains;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Certificate;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeLazyLoadingException;
import org.shredzone.acme4j.exception.AcmeProtocolException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of the chains that a CA offers for a certificate is taken,
 * <a href="https://datatracker.ietf.org/doc/html/rfc8555#section-7.4.2">RFC 8555 §7.4.2</a>. The first one is good
 * enough whatever happens to the others.
 */
final class ChainChoice {
    private static final Logger LOG = LoggerFactory.getLogger(ChainChoice.class);

    /** More alternates than any CA has. */
    private static final int ALTERNATES = 8;

    private final String site;
    private final @Nullable String preferred;

    /** @param preferred a common name; null for the CA's own choice */
    ChainChoice(String site, @Nullable String preferred) {
        this.site = site;
        this.preferred = preferred;
    }

    /**
     * The chain whose topmost certificate was issued by the preferred name, else the one that has the name anywhere, else
     * the first; each in order and without its root, from the certificate of this key on.
     */
    List<X509Certificate> of(Certificate certificate, PrivateKey key) throws AcmeException {
        certificate.download();
        List<X509Certificate> first = Chains.path(key, certificate.getCertificateChain());
        if (preferred == null || first.isEmpty() || preferred.equals(topmost(first))) {
            return first;
        }
        List<List<X509Certificate>> chains = new ArrayList<>();
        chains.add(first);
        for (Certificate alternate : alternates(certificate)) {
            List<X509Certificate> chain = download(alternate, first.get(0));
            if (chain != null) {
                if (preferred.equals(topmost(chain))) {
                    return chain;
                }
                chains.add(chain);
            }
        }
        for (List<X509Certificate> chain : chains) {
            if (chain.stream().anyMatch(link -> preferred.equals(commonName(link.getSubjectX500Principal())))) {
                return chain;
            }
        }
        Set<String> offered = new LinkedHashSet<>();
        chains.forEach(chain -> offered.add(topmost(chain)));
        LOG.warn(
                "{}: preferred-chain \"{}\" is not offered (offered: {}); the CA's own choice is used",
                site,
                preferred,
                String.join(", ", offered));
        return first;
    }

    private List<Certificate> alternates(Certificate certificate) {
        try {
            List<Certificate> alternates = certificate.getAlternateCertificates();
            return alternates.subList(0, Math.min(alternates.size(), ALTERNATES));
        } catch (AcmeProtocolException e) {
            LOG.warn("{}: the CA's links to other chains: {}", site, Failures.brief(e.getMessage()));
            return List.of();
        }
    }

    private @Nullable List<X509Certificate> download(Certificate alternate, X509Certificate leaf) throws AcmeException {
        try {
            alternate.download();
            List<X509Certificate> found = alternate.getCertificateChain();
            if (found.contains(leaf)) {
                return Chains.path(leaf, found);
            }
            LOG.warn("{}: {}: is no chain of this certificate; passed over", site, alternate.getLocation());
        } catch (AcmeException | AcmeProtocolException | AcmeLazyLoadingException e) {
            if (Failures.isInterrupt(e)) {
                throw e;
            }
            LOG.warn("{}: {}: {}; passed over", site, alternate.getLocation(), Failures.brief(e.getMessage()));
        }
        return null;
    }

    private static String topmost(List<X509Certificate> chain) {
        return commonName(chain.get(chain.size() - 1).getIssuerX500Principal());
    }

    /** The whole name where it has no common one. */
    static String commonName(X500Principal name) {
        RDN[] names = X500Name.getInstance(name.getEncoded()).getRDNs(BCStyle.CN);
        if (names.length > 0) {
            return IETFUtils.valueToString(names[0].getFirst().getValue());
        }
        return name.getName();
    }
}
