package dev.postern.ca.acme;

import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;

/** Which keys may sign requests and be certified. */
final class KeyPolicy {
    private KeyPolicy() {}

    /**
     * Whether we would certify the key: what public CAs accept, RSA of 2048 to 4096 bits, P-256 and P-384 (<a
     * href="https://letsencrypt.org/docs/integration-guide/">Let's Encrypt, integration guide</a>).
     */
    static boolean accepts(PublicKey key) {
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
}
