package dev.postern.simulation;

import dev.postern.pki.Keys;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidParameterException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGeneratorSpi;
import java.security.SecureRandom;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;

/**
 * Keys of the curve P-256 that are the same for the same seed: what is derived from them, such as the id under which a CA
 * is asked for a renewal window, is in the history. For threads of a simulated world, and nobody else.
 */
final class SeededKeys extends KeyPairGeneratorSpi {
    private static final ECParameterSpec P256 = p256();

    /** So much more than the order of the curve has, that no key is likelier than another. */
    private static final int BYTES = 40;

    private static ECParameterSpec p256() {
        try {
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
            parameters.init(new ECGenParameterSpec("secp256r1"));
            return parameters.getParameterSpec(ECParameterSpec.class);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a JDK without P-256", e);
        }
    }

    @Override
    public void initialize(int bits, SecureRandom random) {
        throw new InvalidParameterException("by the name of the curve only");
    }

    @Override
    public void initialize(AlgorithmParameterSpec wanted, SecureRandom random)
            throws InvalidAlgorithmParameterException {
        boolean isP256 =
                wanted instanceof ECGenParameterSpec curve && curve.getName().equals("secp256r1");
        if (SimulatedSignatures.world() == null || !isP256) {
            throw new InvalidAlgorithmParameterException("P-256 in a simulated world only");
        }
    }

    @Override
    public KeyPair generateKeyPair() {
        World world = SimulatedSignatures.world();
        if (world == null) {
            throw new InvalidParameterException("no simulated world on this thread");
        }
        byte[] bytes = new byte[BYTES];
        world.keys().nextBytes(bytes);
        BigInteger secret = new BigInteger(1, bytes)
                .mod(P256.getOrder().subtract(BigInteger.ONE))
                .add(BigInteger.ONE);
        try {
            return Keys.pairOf(KeyFactory.getInstance("EC").generatePrivate(new ECPrivateKeySpec(secret, P256)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a number that is no key", e);
        }
    }
}
