package dev.postern.trust;

import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whether the certificate of a server is good: signed by somebody who is trusted, of today, for the name that was asked for,
 * and with a key that is pinned, as far as each of these is asked for. Where it is not, an {@link Untrusted} says why. Any
 * thread.
 */
final class ServerProof extends X509ExtendedTrustManager {
    private static final X509Certificate[] NOBODY = {};

    // The tags of dNSName and iPAddress in GeneralName, RFC 5280 section 4.2.1.6.
    private static final Set<Integer> NAMES = Set.of(2, 7);

    /** As many names of a certificate as a message has room for. */
    private static final int SHOWN = 5;

    private final @Nullable X509ExtendedTrustManager roots;
    private final List<String> pins;

    /**
     * @param roots which also look at names and dates; null where none of these is asked for
     * @param pins none for any key
     */
    ServerProof(@Nullable X509ExtendedTrustManager roots, List<String> pins) {
        this.roots = roots;
        this.pins = pins;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        X509ExtendedTrustManager asked = roots;
        if (asked != null) {
            try {
                asked.checkServerTrusted(chain, authType, engine);
            } catch (CertificateException e) {
                throw new Untrusted(why(asked, chain, authType, engine, e), e);
            }
        }
        String pin = pin(chain[0]);
        if (!pins.isEmpty() && !pins.contains(pin)) {
            throw new Untrusted("has a key that is not pinned (expected: tls.pin with sha256/" + pin + ")", null);
        }
    }

    /** Base64 of the SHA-256 of its SubjectPublicKeyInfo, <a href="https://datatracker.ietf.org/doc/html/rfc7469#section-2.4">RFC 7469 §2.4</a>. */
    private static String pin(X509Certificate certificate) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-256")
                            .digest(certificate.getPublicKey().getEncoded()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The certificate is not trusted: by asking again with less. */
    private static String why(
            X509ExtendedTrustManager roots,
            X509Certificate[] chain,
            String authType,
            SSLEngine engine,
            CertificateException cause) {
        X509Certificate leaf = chain[0];
        String dates = dates(leaf, cause);
        if (!dates.isEmpty()) {
            return dates;
        }
        try {
            roots.checkServerTrusted(chain, authType);
            return "is not for \"" + engine.getPeerHost() + "\" (it is for: " + names(leaf)
                    + "; expected: tls.server-name, where the server is called otherwise)";
        } catch (CertificateException e) {
            return untrusted(chain, e);
        }
    }

    /** What the dates of the certificate, or of one above it, have to do with it; empty for nothing. */
    private static String dates(X509Certificate leaf, CertificateException cause) {
        X509Certificate of = leaf;
        for (Throwable one = cause; one != null; one = one.getCause()) {
            if (one instanceof CertPathValidatorException path
                    && path.getCertPath() != null
                    && path.getIndex() >= 0
                    && path.getCertPath().getCertificates().get(path.getIndex()) instanceof X509Certificate bad) {
                of = bad;
            }
            String whose = of.equals(leaf) ? "" : "was signed by \"" + of.getSubjectX500Principal() + "\", which ";
            if (one instanceof CertificateExpiredException) {
                return whose + "expired on " + of.getNotAfter().toInstant() + " (expected: a renewed one there)";
            }
            if (one instanceof CertificateNotYetValidException) {
                return whose + "is not valid before " + of.getNotBefore().toInstant()
                        + " (expected: the right time, here and there)";
            }
        }
        return "";
    }

    private static String untrusted(X509Certificate[] chain, CertificateException cause) {
        X509Certificate leaf = chain[0];
        String pinned = "tls.pin with sha256/" + pin(leaf);
        if (isSelfSigned(leaf)) {
            return "is self-signed and not trusted (expected: tls.ca-file with it, or " + pinned + ")";
        }
        X509Certificate last = chain[chain.length - 1];
        if (isFor(leaf)) {
            return "was issued by \"" + last.getIssuerX500Principal()
                    + "\", whom nothing here trusts (expected: tls.ca-file with the certificate of that CA, or "
                    + pinned
                    + ")";
        }
        return "is not trusted: " + cause.getMessage();
    }

    private static boolean isSelfSigned(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
    }

    /** Whether it is for servers at all. */
    private static boolean isFor(X509Certificate leaf) {
        try {
            List<String> uses = leaf.getExtendedKeyUsage();
            return uses == null || uses.contains("1.3.6.1.5.5.7.3.1") || uses.contains("2.5.29.37.0");
        } catch (CertificateParsingException e) {
            return false;
        }
    }

    private static String names(X509Certificate leaf) {
        try {
            Collection<List<?>> all = leaf.getSubjectAlternativeNames();
            String names = all == null
                    ? ""
                    : all.stream()
                            .filter(name -> name.get(0) instanceof Integer kind && NAMES.contains(kind))
                            .map(name -> String.valueOf(name.get(1)))
                            .limit(SHOWN)
                            .collect(Collectors.joining(", "));
            return names.isEmpty() ? "no name" : names;
        } catch (CertificateParsingException e) {
            return "names that cannot be read";
        }
    }

    // ---- asked without a connection, or by servers: never

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("of no connection");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("of no engine");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw new CertificateException("of a client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw new CertificateException("of a client");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw new CertificateException("of a client");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return NOBODY.clone();
    }
}
