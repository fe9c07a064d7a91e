package dev.postern.pki;

import com.google.common.collect.Interner;
import com.google.common.collect.Interners;
import dev.postern.config.Addresses;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/**
 * A certificate as it is served: the chain, leaf first, and its key, known to fit each other. Immutable; compared by
 * identity, so that whoever derives something from it (a TLS context) can key on it.
 */
public final class Certificate {
    // The tags of dNSName and iPAddress in GeneralName, RFC 5280 section 4.2.1.6.
    private static final Integer DNS_NAME = 2;
    private static final Integer IP_ADDRESS = 7;

    /** Thousands of leaves have the same few signers: each list of these is kept once. */
    private static final Interner<List<X509Certificate>> SIGNERS = Interners.newWeakInterner();

    private static final VerifiedSignatures VERIFIED = new VerifiedSignatures();

    private final String site;
    private final String issuer;
    private final PrivateKey key;
    // As bytes: parsed it takes some ten times as much, and thousands are never looked at between two renewals.
    private final byte[] leaf;
    private final List<X509Certificate> signers;
    private final List<String> names;
    private final BigInteger serial;
    // Every sweep compares it.
    private final String serialText;
    private final Instant notBefore;
    private final Instant notAfter;

    private Certificate(String site, String issuer, PrivateKey key, List<X509Certificate> chain)
            throws CertificateException {
        X509Certificate first = chain.get(0);
        this.site = site;
        this.issuer = issuer.intern();
        this.key = key;
        this.leaf = first.getEncoded();
        this.signers = SIGNERS.intern(List.copyOf(chain.subList(1, chain.size())));
        this.names = namesOf(first);
        this.serial = first.getSerialNumber();
        this.serialText = serial.toString(16);
        this.notBefore = first.getNotBefore().toInstant();
        this.notAfter = first.getNotAfter().toInstant();
    }

    private Certificate(String site, Certificate same) {
        this.site = site;
        this.issuer = same.issuer;
        this.key = same.key;
        this.leaf = same.leaf;
        this.signers = same.signers;
        this.names = same.names;
        this.serial = same.serial;
        this.serialText = same.serialText;
        this.notBefore = same.notBefore;
        this.notAfter = same.notAfter;
    }

    /** The same for a site of another name. */
    public Certificate forSite(String other) {
        return new Certificate(other, this);
    }

    /**
     * Checks that handshakes can be made with the key and the leaf, and that the chain is in order, each certificate signed
     * by the next. Dates are not checked: whether it is time depends on when it is asked.
     *
     * @throws CertificateException with what does not fit
     */
    public static Certificate of(String site, String issuer, PrivateKey key, List<X509Certificate> chain)
            throws CertificateException {
        if (chain.isEmpty()) {
            throw new CertificateException("the chain is empty");
        }
        TlsKeys.prove(key, chain);
        verify(chain, 0);
        return new Certificate(site, issuer, key, chain);
    }

    /**
     * As {@link #of}, of files: where the leaf names the key of the next one as that of its signer it is believed. To verify
     * each leaf of thousands takes longer than all the rest, and shows no mistake that somebody could make with files.
     */
    public static Certificate ofFiles(String site, String issuer, PrivateKey key, List<X509Certificate> chain)
            throws CertificateException {
        if (chain.isEmpty()) {
            throw new CertificateException("the chain is empty");
        }
        TlsKeys.prove(key, chain);
        boolean named = chain.size() > 1 && Chains.namesSigner(chain.get(0), chain.get(1));
        verify(chain, named ? 1 : 0);
        return new Certificate(site, issuer, key, chain);
    }

    /** @param from what is before it is in order */
    private static void verify(List<X509Certificate> chain, int from) throws CertificateException {
        for (int i = from; i + 1 < chain.size(); i++) {
            X509Certificate signed = chain.get(i);
            X509Certificate signer = chain.get(i + 1);
            try {
                if (!signed.getIssuerX500Principal().equals(signer.getSubjectX500Principal())) {
                    throw new CertificateException("the chain is not in order: certificate " + (i + 1)
                            + " was issued by \"" + signed.getIssuerX500Principal() + "\", but the next one is \""
                            + signer.getSubjectX500Principal() + "\"");
                }
                VERIFIED.verify(signed, signer);
            } catch (CertificateException e) {
                throw e;
            } catch (GeneralSecurityException e) {
                throw new CertificateException("certificate " + (i + 1) + " of the chain is not signed by the next", e);
            }
        }
    }

    /**
     * As {@link #of}, from certificates in any order, of which some may be given twice or belong to another chain: what
     * leads up from the certificate of the key is taken.
     */
    public static Certificate ofFound(String site, String issuer, PrivateKey key, List<X509Certificate> found)
            throws CertificateException {
        try {
            return of(site, issuer, key, Chains.withoutRoot(found));
        } catch (CertificateException e) {
            List<X509Certificate> path = Chains.path(key, found);
            if (path.equals(found)) {
                throw e;
            }
            return of(site, issuer, key, path);
        }
    }

    /** As {@link #ofFound}, of files. */
    public static Certificate ofFoundFiles(String site, String issuer, PrivateKey key, List<X509Certificate> found)
            throws CertificateException {
        try {
            return ofFiles(site, issuer, key, Chains.withoutRoot(found));
        } catch (CertificateException e) {
            List<X509Certificate> path = Chains.path(key, found);
            if (path.equals(found)) {
                throw e;
            }
            return ofFiles(site, issuer, key, path);
        }
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

    /** Leaf first, without the root. The leaf is parsed anew at each call. */
    public List<X509Certificate> chain() {
        List<X509Certificate> chain = new ArrayList<>(signers.size() + 1);
        chain.add(leaf());
        chain.addAll(signers);
        return List.copyOf(chain);
    }

    /** Whether nothing is sent to clients beside the leaf. */
    public boolean isAlone() {
        return signers.isEmpty();
    }

    /** Parsed anew at each call. */
    public X509Certificate leaf() {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(leaf));
        } catch (CertificateException e) {
            throw new IllegalStateException("a certificate that was parsed before", e);
        }
    }

    /** The leaf among certificates that were parsed, of which it was one. */
    public X509Certificate leafAmong(List<X509Certificate> parsed) throws CertificateException {
        for (X509Certificate one : parsed) {
            if (Arrays.equals(leaf, one.getEncoded())) {
                return one;
            }
        }
        return leaf();
    }

    /** Whether a client sees no difference; they may be of different sites. */
    public boolean isSame(Certificate other) {
        return Arrays.equals(leaf, other.leaf);
    }

    public BigInteger serial() {
        return serial;
    }

    /** The DNS names and addresses it certifies, as in its subject alternative names; may contain wildcards. */
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
                    .filter(name -> DNS_NAME.equals(name.get(0)) || IP_ADDRESS.equals(name.get(0)))
                    .map(name -> nameOf(String.valueOf(name.get(1))))
                    .toList();
        } catch (CertificateParsingException e) {
            return List.of();
        }
    }

    private static String nameOf(String text) {
        InetAddress address = Addresses.literal(text);
        return address == null ? text.toLowerCase(Locale.ROOT) : Addresses.text(address);
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
        return serialText;
    }

    public Instant notBefore() {
        return notBefore;
    }

    public Instant notAfter() {
        return notAfter;
    }
}
