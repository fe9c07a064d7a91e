package dev.postern.testing;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.security.spec.RSAPublicKeySpec;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** Keys of kinds that programs make, and that few clients or none take in a certificate. */
public final class OddKeys {
    // Makes those that the JDK has forgotten.
    private static final Provider ALL = new BouncyCastleProvider();

    private OddKeys() {}

    public static KeyPair ec(String curve) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", ALL);
        generator.initialize(new ECGenParameterSpec(curve));
        return generator.generateKeyPair();
    }

    /** Those of one kind only: Ed25519, Ed448, X25519. */
    public static KeyPair of(String algorithm) throws GeneralSecurityException {
        return KeyPairGenerator.getInstance(algorithm).generateKeyPair();
    }

    /** @param algorithm RSA, RSASSA-PSS or DSA */
    public static KeyPair of(String algorithm, int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    /** A whole one, of 2048 bits. */
    public static KeyPair rsaWithExponent(BigInteger e) throws GeneralSecurityException {
        while (true) {
            RSAPrivateCrtKey key = (RSAPrivateCrtKey) of("RSA", 2048).getPrivate();
            BigInteger lessP = key.getPrimeP().subtract(BigInteger.ONE);
            BigInteger lessQ = key.getPrimeQ().subtract(BigInteger.ONE);
            BigInteger order = lessP.multiply(lessQ);
            if (order.gcd(e).equals(BigInteger.ONE)) {
                BigInteger d = e.modInverse(order);
                return rsa(
                        key.getModulus(),
                        e,
                        d,
                        key.getPrimeP(),
                        key.getPrimeQ(),
                        d.mod(lessP),
                        d.mod(lessQ),
                        key.getCrtCoefficient());
            }
        }
    }

    /** As long as that; to look for primes of the length would take minutes, and it has none. */
    public static KeyPair longRsa(int bits) throws GeneralSecurityException {
        BigInteger p = BigInteger.ONE.shiftLeft(bits / 2).subtract(BigInteger.ONE);
        BigInteger q = p.subtract(BigInteger.TWO);
        BigInteger e = BigInteger.valueOf(65537);
        return rsa(p.multiply(q), e, p, p, q, q, q, p);
    }

    private static KeyPair rsa(
            BigInteger n,
            BigInteger e,
            BigInteger d,
            BigInteger p,
            BigInteger q,
            BigInteger dp,
            BigInteger dq,
            BigInteger qInverse)
            throws GeneralSecurityException {
        KeyFactory factory = KeyFactory.getInstance("RSA");
        return new KeyPair(
                factory.generatePublic(new RSAPublicKeySpec(n, e)),
                factory.generatePrivate(new RSAPrivateCrtKeySpec(n, e, d, p, q, dp, dq, qInverse)));
    }

    /** Modulus and exponents are all that a signature needs, and some programs keep no more. */
    public static KeyPair rsaWithoutPrimes() throws Exception {
        KeyPair pair = of("RSA", 2048);
        RSAPrivateCrtKey key = (RSAPrivateCrtKey) pair.getPrivate();
        BigInteger none = BigInteger.ZERO;
        RSAPrivateKey numbers = new RSAPrivateKey(
                key.getModulus(), key.getPublicExponent(), key.getPrivateExponent(), none, none, none, none, none);
        return new KeyPair(pair.getPublic(), encoded(key, numbers));
    }

    /** The number of one key, and beside it the public half of another. */
    public static KeyPair withOtherHalf(KeyPair pair, KeyPair other) throws Exception {
        ECPrivateKey number = (ECPrivateKey) pair.getPrivate();
        SubjectPublicKeyInfo half =
                SubjectPublicKeyInfo.getInstance(other.getPublic().getEncoded());
        org.bouncycastle.asn1.sec.ECPrivateKey both = new org.bouncycastle.asn1.sec.ECPrivateKey(
                number.getParams().getOrder().bitLength(), number.getS(), half.getPublicKeyData(), null);
        return new KeyPair(pair.getPublic(), encoded(number, both));
    }

    private static PrivateKey encoded(PrivateKey like, org.bouncycastle.asn1.ASN1Object numbers) throws Exception {
        PrivateKeyInfo info =
                new PrivateKeyInfo(PrivateKeyInfo.getInstance(like.getEncoded()).getPrivateKeyAlgorithm(), numbers);
        return KeyFactory.getInstance(like.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(info.getEncoded()));
    }
}
