package dev.postern.devca;

import dev.postern.config.Configuration.KeyType;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;

/** Fresh keys, and whether two halves belong together. */
final class KeyPairs {
    private KeyPairs() {}

    static KeyPair generate(KeyType type, SecureRandom random) {
        return switch (type) {
            case EC_P256 -> ec("secp256r1", random);
            case EC_P384 -> ec("secp384r1", random);
            case RSA_2048 -> rsa(2048, random);
            case RSA_3072 -> rsa(3072, random);
            case RSA_4096 -> rsa(4096, random);
        };
    }

    /** By signing with one half and verifying with the other. */
    static boolean fit(PrivateKey privateKey, PublicKey publicKey, SecureRandom random) {
        if (!privateKey.getAlgorithm().equals(publicKey.getAlgorithm())) {
            return false;
        }
        try {
            Signature signature =
                    Signature.getInstance(publicKey instanceof RSAPublicKey ? "SHA256withRSA" : "SHA256withECDSA");
            byte[] sample = {1, 2, 3};
            signature.initSign(privateKey, random);
            signature.update(sample);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(sample);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false; // other curve, other family, or not a usable key
        }
    }

    /**
     * Whether we would certify the key: what public CAs accept, RSA of 2048 to 4096 bits, P-256 and P-384 (<a
     * href="https://letsencrypt.org/docs/integration-guide/">Let's Encrypt, integration guide</a>).
     */
    static boolean isStrong(PublicKey key) {
        if (key instanceof RSAPublicKey rsa) {
            int bits = rsa.getModulus().bitLength();
            return bits >= 2048 && bits <= 4096;
        }
        if (key instanceof ECPublicKey ec) {
            // The order of the group, not the field, tells the two curves from others of the same size.
            String order = ec.getParams().getOrder().toString(16);
            return order.equals("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
                    || order.equals("ffffffffffffffffffffffffffffffffffffffffffffffff"
                            + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973");
        }
        return false;
    }

    private static KeyPair ec(String curve, SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(curve), random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a JDK without " + curve, e);
        }
    }

    private static KeyPair rsa(int bits, SecureRandom random) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(bits, random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a JDK without RSA", e);
        }
    }
}
