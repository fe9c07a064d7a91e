package dev.postern.certificate;

import java.security.PrivateKey;
import java.security.PublicKey;

/**
 * What the encodings of keys say, without a parser that works out the rest: private ones as PKCS#8 (<a
 * href="https://datatracker.ietf.org/doc/html/rfc5208#section-5">RFC 5208 §5</a>), public ones as X.509 has them.
 */
final class EncodedKeys {
    private static final byte[] RSA = {0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1};
    private static final byte[] EC = {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};

    private EncodedKeys() {}

    /** The name that Java has for the algorithm of a private key; empty where it takes more to know it. */
    static String algorithm(byte[] pkcs8) {
        try {
            Der info = Der.of(pkcs8).enter(Der.SEQUENCE);
            info.enter(Der.INTEGER);
            Der algorithm = info.enter(Der.SEQUENCE).enter(Der.OBJECT_IDENTIFIER);
            return algorithm.isRest(EC) ? "EC" : algorithm.isRest(RSA) ? "RSA" : "";
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    /**
     * Whether an elliptic key comes with its public half, as nearly all do (<a
     * href="https://datatracker.ietf.org/doc/html/rfc5915#section-3">RFC 5915 §3</a>), and that is this one. What is false
     * may fit all the same: then it has to be worked out.
     */
    static boolean haveSamePoint(PrivateKey key, PublicKey certified) {
        byte[] pkcs8 = key.getEncoded();
        byte[] x509 = certified.getEncoded();
        if (pkcs8 == null || x509 == null) {
            return false;
        }
        try {
            Der info = Der.of(pkcs8).enter(Der.SEQUENCE);
            info.enter(Der.INTEGER);
            byte[] algorithm = info.enter(Der.SEQUENCE).rest();
            Der pair = info.enter(Der.OCTET_STRING).enter(Der.SEQUENCE);
            pair.enter(Der.INTEGER);
            pair.enter(Der.OCTET_STRING);
            pair.skip(Der.field(0, true));
            Der theirs = Der.of(x509).enter(Der.SEQUENCE);
            return theirs.enter(Der.SEQUENCE).isRest(algorithm)
                    && pair.is(Der.field(1, true))
                    && pair.enter(Der.field(1, true))
                            .enter(Der.BIT_STRING)
                            .isRest(theirs.enter(Der.BIT_STRING).rest());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** PKCS#8 of an elliptic key together with its public half; of any other key, which has it anyway, as it is. */
    static byte[] whole(PrivateKey key, PublicKey half) {
        byte[] pkcs8 = key.getEncoded();
        if (!algorithm(pkcs8).equals("EC") || haveSamePoint(key, half)) {
            return pkcs8;
        }
        Der info = Der.of(pkcs8).enter(Der.SEQUENCE);
        byte[] version = info.enter(Der.INTEGER).rest();
        byte[] algorithm = info.enter(Der.SEQUENCE).rest();
        Der alone = info.enter(Der.OCTET_STRING).enter(Der.SEQUENCE);
        byte[] pairVersion = alone.enter(Der.INTEGER).rest();
        byte[] secret = alone.enter(Der.OCTET_STRING).rest();
        Der theirs = Der.of(half.getEncoded()).enter(Der.SEQUENCE);
        theirs.enter(Der.SEQUENCE);
        byte[] point = theirs.enter(Der.BIT_STRING).rest();
        byte[] pair = Der.element(
                Der.SEQUENCE,
                Der.element(Der.INTEGER, pairVersion),
                Der.element(Der.OCTET_STRING, secret),
                Der.element(Der.field(1, true), Der.element(Der.BIT_STRING, point)));
        return Der.element(
                Der.SEQUENCE,
                Der.element(Der.INTEGER, version),
                Der.element(Der.SEQUENCE, algorithm),
                Der.element(Der.OCTET_STRING, pair));
    }
}
