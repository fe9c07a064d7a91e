package dev.postern.pki;

/**
 * What the encoding of a private key says of it, without a parser that works out the rest: PKCS#8 (<a
 * href="https://datatracker.ietf.org/doc/html/rfc5208#section-5">RFC 5208 §5</a>).
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
}
