package dev.postern.pki;

import dev.postern.machine.TlsLibrary;
import java.math.BigInteger;
import java.security.Key;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.EdECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPrivateKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x9.ECNamedCurveTable;
import org.jspecify.annotations.Nullable;

/**
 * Which keys TLS handshakes can be made with. What is none of them is refused where it is read: served, it would fail each
 * handshake, one by one. The kinds are those that the native library takes and the JDK as well, so that a key which is good
 * on one machine is good on the next.
 */
public final class TlsKeys {
    private static final String EXPECTED =
            "RSA of 1024 to 8192 bits, EC on P-256, P-384 or P-521, or Ed25519, not RSA-PSS";

    /** Clients refuse shorter ones, and a handshake of TLS 1.3 needs 528. */
    private static final int FEWEST_BITS = 1024;

    /** What the native library computes with. */
    private static final int MOST_BITS = 8192;

    private static final int MOST_EXPONENT_BITS = 33;

    /**
     * Those of P-256, P-384 and P-521 (<a href="https://www.secg.org/sec2-v2.pdf">SEC 2</a>). Written down, because the
     * curves themselves are a sixth of a second of a start that needs nothing else of them.
     */
    private static final Set<BigInteger> ORDERS = Set.of(
            new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16),
            new BigInteger(
                    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
                            + "581a0db248b0a77aecec196accc52973",
                    16),
            new BigInteger(
                    "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
                            + "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
                    16));

    private TlsKeys() {}

    /** @throws CertificateException with the kind of the key, where it is one that no handshake can be made with */
    public static void requireKind(PrivateKey key) throws CertificateException {
        String other = otherKind(key);
        if (other != null) {
            throw new CertificateException(
                    "the key is " + other + ", which no TLS handshake can be made with (expected: " + EXPECTED + ")");
        }
    }

    /** Whether clients that know nothing of elliptic curves take what is signed with it. */
    public static boolean isRsa(PrivateKey key) {
        return key.getAlgorithm().equals("RSA");
    }

    /** Null where handshakes can be made with it. */
    private static @Nullable String otherKind(PrivateKey key) {
        if (key instanceof RSAPrivateKey rsa && key.getAlgorithm().equals("RSA")) {
            int bits = rsa.getModulus().bitLength();
            if (bits < FEWEST_BITS || bits > MOST_BITS) {
                return "RSA of " + bits + " bits";
            }
            if (!(key instanceof RSAPrivateCrtKey whole)) {
                return "RSA without its primes";
            }
            return whole.getPublicExponent().bitLength() > MOST_EXPONENT_BITS
                    ? "RSA with the public exponent " + whole.getPublicExponent()
                    : null;
        }
        if (key instanceof ECPrivateKey ec) {
            return ORDERS.contains(ec.getParams().getOrder()) ? null : "EC on " + curve(key);
        }
        if (key instanceof EdECPrivateKey edwards) {
            String curve = edwards.getParams().getName();
            return curve.equals("Ed25519") ? null : curve;
        }
        return key.getAlgorithm().equals("RSASSA-PSS") ? "RSA-PSS" : key.getAlgorithm();
    }

    private static String curve(Key key) {
        if (PrivateKeyInfo.getInstance(key.getEncoded())
                        .getPrivateKeyAlgorithm()
                        .getParameters()
                instanceof ASN1ObjectIdentifier identifier) {
            String name = ECNamedCurveTable.getName(identifier);
            return name == null ? "the curve " + identifier.getId() : name;
        }
        return "a curve without a name";
    }

    /**
     * Proves that handshakes can be made with a key and the certificates that are presented with it: by the library that will
     * make them, where this process has it, else by what is known of keys.
     *
     * @param chain the first one is to be that of the key
     * @throws CertificateException with what does not fit
     */
    static void prove(PrivateKey key, List<X509Certificate> chain) throws CertificateException {
        requireKind(key);
        String refusal = TlsLibrary.isLoaded() ? TlsLibrary.refusal(key.getEncoded(), encoded(chain)) : null;
        if (refusal == null && TlsLibrary.isLoaded()) {
            return;
        }
        if (!Keys.fit(key, chain.get(0).getPublicKey())) {
            throw new CertificateException("the key does not fit the certificate");
        }
        if (refusal != null) {
            throw new CertificateException("no TLS handshake can be made with the certificate and its key: " + refusal);
        }
    }

    private static List<byte[]> encoded(List<X509Certificate> chain) throws CertificateEncodingException {
        List<byte[]> encoded = new ArrayList<>(chain.size());
        for (X509Certificate certificate : chain) {
            encoded.add(certificate.getEncoded());
        }
        return encoded;
    }
}
