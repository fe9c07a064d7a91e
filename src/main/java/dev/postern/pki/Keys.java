package dev.postern.pki;

import dev.postern.config.KeyType;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.List;
import org.bouncycastle.asn1.x9.X9ECParameters;
import org.bouncycastle.crypto.ec.CustomNamedCurves;
import org.bouncycastle.jcajce.provider.asymmetric.util.EC5Util;
import org.bouncycastle.math.ec.ECPoint;
import org.bouncycastle.math.ec.FixedPointCombMultiplier;

/** Key pairs: made, completed from their private half, and compared. */
public final class Keys {
    // What is signed to see whether two halves belong together; any bytes would do.
    private static final byte[] PROBE = {'p', 'o', 's', 't', 'e', 'r', 'n'};

    private static final List<X9ECParameters> CURVES =
            List.of(CustomNamedCurves.getByName("P-256"), CustomNamedCurves.getByName("P-384"));

    private Keys() {}

    public static KeyPair generate(KeyType type) {
        try {
            return switch (type) {
                case EC_P256 -> ec("secp256r1");
                case EC_P384 -> ec("secp384r1");
                case RSA_2048 -> rsa(2048);
                case RSA_3072 -> rsa(3072);
                case RSA_4096 -> rsa(4096);
            };
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java cannot make a key of type " + type.text(), e);
        }
    }

    private static KeyPair ec(String curve) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(curve));
        return generator.generateKeyPair();
    }

    private static KeyPair rsa(int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    /** The pair of which {@code key} is the private half: a PKCS#8 file does not always contain the public one. */
    public static KeyPair pairOf(PrivateKey key) throws GeneralSecurityException {
        if (key instanceof RSAPrivateCrtKey rsa) {
            RSAPublicKeySpec spec = new RSAPublicKeySpec(rsa.getModulus(), rsa.getPublicExponent());
            return new KeyPair(KeyFactory.getInstance("RSA").generatePublic(spec), key);
        }
        if (key instanceof ECPrivateKey ec) {
            ECPoint point = new FixedPointCombMultiplier().multiply(generator(ec), ec.getS());
            ECPublicKeySpec spec = new ECPublicKeySpec(EC5Util.convertPoint(point.normalize()), ec.getParams());
            return new KeyPair(KeyFactory.getInstance("EC").generatePublic(spec), key);
        }
        throw new InvalidKeyException("key type " + key.getAlgorithm() + " (expected: EC or RSA)");
    }

    private static ECPoint generator(ECPrivateKey key) {
        for (X9ECParameters curve : CURVES) {
            if (curve.getN().equals(key.getParams().getOrder())) {
                // What it takes to multiply this one is worked out once.
                return curve.getG();
            }
        }
        return EC5Util.convertSpec(key.getParams()).getG();
    }

    /** A tenth of the work of signing and verifying, which counts where thousands of sites are read at start. */
    private static boolean fit(ECPrivateKey mine, ECPublicKey theirs, X9ECParameters curve) {
        if (!curve.getN().equals(theirs.getParams().getOrder())
                || mine.getS().signum() <= 0
                || mine.getS().compareTo(curve.getN()) >= 0) {
            return false;
        }
        ECPoint point = new FixedPointCombMultiplier()
                .multiply(curve.getG(), mine.getS())
                .normalize();
        return point.getAffineXCoord().toBigInteger().equals(theirs.getW().getAffineX())
                && point.getAffineYCoord().toBigInteger().equals(theirs.getW().getAffineY());
    }

    /** Whether the two are halves of one pair. */
    public static boolean fit(PrivateKey key, PublicKey certified) {
        if (key instanceof RSAPrivateKey mine && certified instanceof RSAPublicKey theirs) {
            return mine.getModulus().equals(theirs.getModulus())
                    && (mine instanceof RSAPrivateCrtKey crt
                            ? isWhole(crt, theirs.getPublicExponent())
                            : verifies("SHA256withRSA", mine, theirs));
        }
        if (!key.getAlgorithm().equals(certified.getAlgorithm())) {
            return false;
        }
        if (key instanceof ECPrivateKey mine && certified instanceof ECPublicKey theirs) {
            // The public half that may be beside it says nothing of the number itself, which may be damaged.
            for (X9ECParameters curve : CURVES) {
                if (curve.getN().equals(mine.getParams().getOrder())) {
                    return fit(mine, theirs, curve);
                }
            }
        }
        return verifies(key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : key.getAlgorithm(), key, certified);
    }

    /** Whether all numbers of the key belong to each other and to {@code e} (RFC 8017 §3.2): a damaged file may have others. */
    private static boolean isWhole(RSAPrivateCrtKey key, BigInteger e) {
        BigInteger p = key.getPrimeP();
        BigInteger q = key.getPrimeQ();
        if (p.compareTo(BigInteger.TWO) <= 0
                || q.compareTo(BigInteger.TWO) <= 0
                || !p.multiply(q).equals(key.getModulus())) {
            return false;
        }
        BigInteger lessP = p.subtract(BigInteger.ONE);
        BigInteger lessQ = q.subtract(BigInteger.ONE);
        return key.getPublicExponent().equals(e)
                && isInverse(key.getPrivateExponent(), e, lessP)
                && isInverse(key.getPrivateExponent(), e, lessQ)
                && isInverse(key.getPrimeExponentP(), e, lessP)
                && isInverse(key.getPrimeExponentQ(), e, lessQ)
                && isInverse(key.getCrtCoefficient(), q, p);
    }

    private static boolean isInverse(BigInteger one, BigInteger other, BigInteger modulus) {
        return one.multiply(other).mod(modulus).equals(BigInteger.ONE);
    }

    private static boolean verifies(String algorithm, PrivateKey key, PublicKey certified) {
        try {
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(PROBE);
            byte[] signed = signature.sign();
            signature.initVerify(certified);
            signature.update(PROBE);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
