package dev.postern.identity;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The CAs whose word counts on who a client is, and the certificates that they have taken back. Judges by
 * <a href="https://datatracker.ietf.org/doc/html/rfc5280#section-6">RFC 5280 §6</a>. Immutable.
 */
@SuppressWarnings("JavaUtilDate") // The JDK wants it.
public final class ClientAuthority {
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final String ANY_USE = "2.5.29.37.0";
    private static final String NAME_CONSTRAINTS = "2.5.29.30";

    // Bits of KeyUsage, RFC 5280 section 4.2.1.3.
    private static final int DIGITAL_SIGNATURE = 0;
    private static final int KEY_AGREEMENT = 4;
    private static final int SIGNS_CERTIFICATES = 5;

    /** Signatures that are looked at in search of a path: twice what honest clients of the deepest CA need. */
    private static final int MOST_SIGNATURES = 16;

    /** Keys of unknown signers that are larger have us calculate for too long. */
    private static final int LARGEST_RSA_BITS = 8192;

    private static final BigInteger LARGEST_EXPONENT = BigInteger.ONE.shiftLeft(33);

    private final List<X509Certificate> anchors;
    private final @Nullable RevocationLists revoked;
    private final int depth;

    /**
     * @param revoked null where nobody looks
     * @param depth how many certificates may be between a client's and one of {@code anchors}
     */
    ClientAuthority(List<X509Certificate> anchors, @Nullable RevocationLists revoked, int depth) {
        this.anchors = List.copyOf(anchors);
        this.revoked = revoked;
        this.depth = depth;
    }

    /** Those of the CAs: clients are told whose certificates to choose among. */
    public List<X509Certificate> anchors() {
        return anchors;
    }

    /** A path that begins with the client's own certificate and ends with the CA's, which may be the same. */
    private record Path(List<X509Certificate> certificates, X509Certificate anchor) {
        X509Certificate leaf() {
            return certificates.get(0);
        }

        boolean isAnchorItself() {
            return leaf().equals(anchor);
        }

        X509Certificate issuer(int of) {
            return of + 1 < certificates.size() ? certificates.get(of + 1) : anchor;
        }

        /** Whether the CA's says for which names it may be used, which only somebody who judges it as well finds out. */
        private boolean isAnchorBound() {
            return anchor.getExtensionValue(NAME_CONSTRAINTS) != null;
        }

        List<X509Certificate> judged() {
            return isAnchorBound() ? all() : certificates;
        }

        /** Where the certificate of a CA is bound, and not signed by itself, nothing comes of it: the path is no path then. */
        TrustAnchor trustAnchor() {
            return isAnchorBound()
                    ? new TrustAnchor(anchor.getSubjectX500Principal(), anchor.getPublicKey(), null)
                    : new TrustAnchor(anchor, null);
        }

        List<X509Certificate> all() {
            List<X509Certificate> all = new ArrayList<>(certificates);
            if (!isAnchorItself()) {
                all.add(anchor);
            }
            return all;
        }
    }

    /**
     * @param shown as the client sent them: its own first, the others in any order
     */
    public Judgement judge(List<X509Certificate> shown, Instant now) {
        Path path = path(shown, now);
        if (path == null) {
            return bad(shown, ClientFault.UNKNOWN_CA, Instant.MAX);
        }
        Instant until = Instant.MAX;
        for (X509Certificate one : path.all()) {
            Instant begins = one.getNotBefore().toInstant();
            if (begins.isAfter(now)) {
                return bad(shown, ClientFault.NOT_YET_VALID, begins);
            }
            Instant ends = one.getNotAfter().toInstant();
            if (ends.isBefore(now)) {
                return bad(shown, ClientFault.EXPIRED, Instant.MAX);
            }
            until = ends.isBefore(until) ? ends : until;
        }
        ClientFault fault = fault(path, now);
        if (fault == null && revoked != null) {
            for (int i = 0; i < path.certificates.size() && fault == null; i++) {
                RevocationLists.Say say = revoked.of(path.certificates.get(i), path.issuer(i), now);
                fault = say.fault();
                until = say.until().isBefore(until) ? say.until() : until;
            }
        }
        return fault == null ? new Judgement(this, null, path.certificates, until) : bad(shown, fault, Instant.MAX);
    }

    private Judgement bad(List<X509Certificate> shown, ClientFault fault, Instant until) {
        return new Judgement(this, fault, List.of(shown.get(0)), until);
    }

    private @Nullable Path path(List<X509Certificate> shown, Instant now) {
        X509Certificate last = shown.get(0);
        if (anchors.contains(last)) {
            return new Path(List.of(last), last);
        }
        List<X509Certificate> path = new ArrayList<>();
        path.add(last);
        int left = MOST_SIGNATURES;
        while (true) {
            X509Certificate best = null;
            for (X509Certificate anchor : anchors) {
                // The CA's own, renewed with the same key, may be there twice.
                if ((best == null || !isOfNow(best, now)) && left > 0 && namesSigner(last, anchor)) {
                    left--;
                    best = hasSigned(anchor, last) ? anchor : best;
                }
            }
            if (best != null) {
                return new Path(List.copyOf(path), best);
            }
            X509Certificate next = null;
            for (X509Certificate one : shown) {
                if (next == null
                        && left > 0
                        && !path.contains(one)
                        && namesSigner(last, one)
                        && isReasonable(one.getPublicKey())) {
                    left--;
                    next = hasSigned(one, last) ? one : null;
                }
            }
            if (next == null) {
                return null;
            }
            path.add(next);
            last = next;
        }
    }

    private static boolean namesSigner(X509Certificate signed, X509Certificate signer) {
        return signed.getIssuerX500Principal().equals(signer.getSubjectX500Principal());
    }

    private static boolean hasSigned(X509Certificate signer, X509Certificate signed) {
        try {
            signed.verify(signer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static boolean isReasonable(PublicKey key) {
        return !(key instanceof RSAPublicKey rsa)
                || (rsa.getModulus().bitLength() <= LARGEST_RSA_BITS
                        && rsa.getPublicExponent().compareTo(LARGEST_EXPONENT) < 0);
    }

    private static boolean isOfNow(X509Certificate one, Instant now) {
        return !one.getNotBefore().toInstant().isAfter(now)
                && !one.getNotAfter().toInstant().isBefore(now);
    }

    private @Nullable ClientFault fault(Path path, Instant now) {
        if (!path.all().stream().allMatch(ClientAuthority::isForClients) || !mayAuthenticate(path.leaf())) {
            return ClientFault.WRONG_USAGE;
        }
        if (path.isAnchorItself()) {
            return null;
        }
        int between = path.certificates.size() - 1;
        int allowed = path.anchor.getBasicConstraints();
        if (between > depth || (allowed >= 0 && between > allowed)) {
            return ClientFault.TOO_DEEP;
        }
        if (!isCa(path.anchor)) {
            return ClientFault.NOT_A_CA;
        }
        // Which the JDK still takes.
        if (path.certificates.stream().anyMatch(one -> one.getSigAlgName().startsWith("SHA1"))) {
            return ClientFault.NOT_ACCEPTED;
        }
        try {
            PKIXParameters parameters = new PKIXParameters(Set.of(path.trustAnchor()));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            var unused = CertPathValidator.getInstance("PKIX")
                    .validate(CertificateFactory.getInstance("X.509").generateCertPath(path.judged()), parameters);
            return null;
        } catch (CertPathValidatorException e) {
            return fault(e);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return ClientFault.NOT_ACCEPTED;
        }
    }

    private static ClientFault fault(CertPathValidatorException e) {
        CertPathValidatorException.Reason reason = e.getReason();
        if (reason == PKIXReason.NOT_CA_CERT || reason == PKIXReason.INVALID_KEY_USAGE) {
            return ClientFault.NOT_A_CA;
        }
        if (reason == PKIXReason.PATH_TOO_LONG) {
            return ClientFault.TOO_DEEP;
        }
        if (reason == BasicReason.EXPIRED) {
            return ClientFault.EXPIRED;
        }
        return ClientFault.NOT_ACCEPTED;
    }

    /** Of a CA as well: what it may not certify it has not certified. */
    private static boolean isForClients(X509Certificate one) {
        try {
            List<String> uses = one.getExtendedKeyUsage();
            return uses == null || uses.contains(CLIENT_AUTH) || uses.contains(ANY_USE);
        } catch (CertificateParsingException e) {
            return false;
        }
    }

    private static boolean mayAuthenticate(X509Certificate leaf) {
        boolean[] usage = leaf.getKeyUsage();
        return usage == null || usage[DIGITAL_SIGNATURE] || usage[KEY_AGREEMENT];
    }

    /** Of the last one, of which the JDK believes everything. The first versions have no word for it. */
    private static boolean isCa(X509Certificate anchor) {
        boolean[] usage = anchor.getKeyUsage();
        return (anchor.getVersion() < 3 || anchor.getBasicConstraints() >= 0)
                && (usage == null || usage[SIGNS_CERTIFICATES]);
    }
}
