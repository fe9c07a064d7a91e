package dev.postern.certificate;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * A certificate as it is served: the chain, leaf first, and its key, known to fit each other. Immutable; compared by
 * identity, so that whoever derives something from it (a TLS context) can key on it.
 */
public final class Certificate {
    // The tag of dNSName in GeneralName, RFC 5280 section 4.2.1.6.
    private static final Integer DNS_NAME = 2;

    private final String site;
    private final String issuer;
    private final PrivateKey key;
    private final List<X509Certificate> chain;
    private final List<String> names;

    private Certificate(String site, String issuer, PrivateKey key, List<X509Certificate> chain) {
        this.site = site;
        this.issuer = issuer;
        this.key = key;
        this.chain = List.copyOf(chain);
        this.names = namesOf(leaf());
    }

    /**
     * Checks that the key fits the leaf and that the chain is in order, each certificate signed by the next. Dates are
     * not checked: whether it is time depends on when it is asked.
     *
     * @throws CertificateException with what does not fit
     */
    public static Certificate of(String site, String issuer, PrivateKey key, List<X509Certificate> chain)
            throws CertificateException {
        if (chain.isEmpty()) {
            throw new CertificateException("the chain is empty");
        }
        if (!Keys.fit(key, chain.get(0).getPublicKey())) {
            throw new CertificateException("the key does not fit the certificate");
        }
        for (int i = 0; i + 1 < chain.size(); i++) {
            X509Certificate signed = chain.get(i);
            X509Certificate signer = chain.get(i + 1);
            try {
                if (!signed.getIssuerX500Principal().equals(signer.getSubjectX500Principal())) {
                    throw new CertificateException("the chain is not in order: certificate " + (i + 1)
                            + " was issued by \"" + signed.getIssuerX500Principal() + "\", but the next one is \""
                            + signer.getSubjectX500Principal() + "\"");
                }
                signed.verify(signer.getPublicKey());
            } catch (CertificateException e) {
                throw e;
            } catch (GeneralSecurityException e) {
                throw new CertificateException("certificate " + (i + 1) + " of the chain is not signed by the next", e);
            }
        }
        return new Certificate(site, issuer, key, chain);
    }

    /** The site it is served for. */
    public String site() {
        return site;
    }

    /** The issuer it came from, as in {@code acme.issuers}; {@code file} for one that the operator brought. */
    public String issuer() {
        return issuer;
    }

    public PrivateKey key() {
        return key;
    }

    /** Leaf first, without the root. */
    public List<X509Certificate> chain() {
        return chain;
    }

    public X509Certificate leaf() {
        return chain.get(0);
    }

    public BigInteger serial() {
        return leaf().getSerialNumber();
    }

    /** The DNS names it certifies, as in its subject alternative names; may contain wildcards. */
    public List<String> names() {
        return names;
    }

    private static List<String> namesOf(X509Certificate leaf) {
        try {
            Collection<List<?>> alternatives = leaf.getSubjectAlternativeNames();
            if (alternatives == null) {
                return List.of();
            }
            return alternatives.stream()
                    .filter(name -> DNS_NAME.equals(name.get(0)))
                    .map(name -> String.valueOf(name.get(1)).toLowerCase(Locale.ROOT))
                    .toList();
        } catch (CertificateParsingException e) {
            return List.of();
        }
    }

    /**
     * Whether a client that asks for {@code name} accepts it; a wildcard in the certificate stands for exactly one label
     * (<a href="https://datatracker.ietf.org/doc/html/rfc9525#section-6.3">RFC 9525 §6.3</a>). A wildcard as {@code name}
     * is covered by the same wildcard only.
     */
    public boolean covers(String name) {
        int dot = name.indexOf('.');
        return names.contains(name) || (dot > 0 && names.contains("*" + name.substring(dot)));
    }

    public boolean isExpired(Instant now) {
        return !now.isBefore(notAfter());
    }

    /** As openssl prints it: hexadecimal, lower-case. */
    public String serialText() {
        return serial().toString(16);
    }

    public Instant notBefore() {
        return leaf().getNotBefore().toInstant();
    }

    public Instant notAfter() {
        return leaf().getNotAfter().toInstant();
    }
}
