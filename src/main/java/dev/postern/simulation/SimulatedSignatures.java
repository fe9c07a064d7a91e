package dev.postern.simulation;

import dev.postern.pki.Keys;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECPoint;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keys that the seed decides ({@link SeededKeys}), and ECDSA without its price. Years of certificates are hundreds of thousands of signatures; nearly half of the time of a
 * simulation would go into numbers that nobody here tries to forge.
 *
 * <p>What takes the place of a signature has its form and is a digest of the public key and of what is signed: it fits this
 * key and these bytes and no others, and whoever has the public key can make it. So it exists on the threads of a simulated
 * world only: on all others these keys are refused here, and the JDK goes on to the next provider, which is the real one.
 */
final class SimulatedSignatures {
    private static final String NAME = "PosternSimulation";
    private static final ThreadLocal<World> WORLDS = new ThreadLocal<>();

    private static int users;

    private SimulatedSignatures() {}

    /** The world of this thread; null where it has none. */
    static @Nullable World world() {
        return WORLDS.get();
    }

    /** This thread is one of that world, until it {@linkplain #leave leaves} it. */
    static void enter(World world) {
        WORLDS.set(world);
        synchronized (SimulatedSignatures.class) {
            if (users++ == 0) {
                Security.insertProviderAt(new Signatures(), 1);
            }
        }
    }

    static void leave() {
        WORLDS.remove();
        synchronized (SimulatedSignatures.class) {
            if (--users == 0) {
                Security.removeProvider(NAME);
            }
        }
    }

    /** Known to the JDK while any world is there. */
    private static final class Signatures extends Provider {
        private static final long serialVersionUID = 1;

        Signatures() {
            super(NAME, "1", "keys and signatures for simulated worlds");
            putService(new Service(this, "KeyPairGenerator", "EC", SeededKeys.class.getName(), null, Map.of()) {
                @Override
                public Object newInstance(@Nullable Object parameter) {
                    return new SeededKeys();
                }
            });
            putService(
                    new Service(
                            this,
                            "Signature",
                            "SHA256withECDSA",
                            DigestAsSignature.class.getName(),
                            null,
                            Map.of(
                                    "SupportedKeyClasses",
                                    ECPrivateKey.class.getName() + "|" + ECPublicKey.class.getName())) {
                        @Override
                        public Object newInstance(@Nullable Object parameter) {
                            return new DigestAsSignature();
                        }
                    });
        }
    }

    private static final class DigestAsSignature extends SignatureSpi {
        /** Of P-256, in bytes. */
        private static final int COORDINATE = 32;

        /** Positive and not zero, whatever the digest is. */
        private static final byte FIRST = 1;

        /** The last so many private keys, as often as they sign. */
        private static final int REMEMBERED = 1000;

        private static final Map<PrivateKey, ECPoint> PUBLIC = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<PrivateKey, ECPoint> eldest) {
                return size() > REMEMBERED;
            }
        };

        private final MessageDigest digest;

        DigestAsSignature() {
            try {
                digest = MessageDigest.getInstance("SHA-256");
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("a JDK without SHA-256", e);
            }
        }

        private static void requireWorld() throws InvalidKeyException {
            if (WORLDS.get() == null) {
                throw new InvalidKeyException("no simulated world on this thread");
            }
        }

        @Override
        protected void engineInitSign(PrivateKey key) throws InvalidKeyException {
            requireWorld();
            ECPoint point;
            synchronized (PUBLIC) {
                point = PUBLIC.get(key);
            }
            if (point == null) {
                try {
                    point = ((ECPublicKey) Keys.pairOf(key).getPublic()).getW();
                } catch (GeneralSecurityException e) {
                    throw new InvalidKeyException(e);
                }
                synchronized (PUBLIC) {
                    PUBLIC.put(key, point);
                }
            }
            begin(point);
        }

        @Override
        protected void engineInitVerify(PublicKey key) throws InvalidKeyException {
            requireWorld();
            begin(((ECPublicKey) key).getW());
        }

        private void begin(ECPoint key) {
            digest.reset();
            digest.update(key.getAffineX().toByteArray());
            digest.update(key.getAffineY().toByteArray());
        }

        @Override
        protected void engineUpdate(byte one) {
            digest.update(one);
        }

        @Override
        protected void engineUpdate(byte[] bytes, int offset, int length) {
            digest.update(bytes, offset, length);
        }

        @Override
        protected void engineUpdate(ByteBuffer bytes) {
            digest.update(bytes);
        }

        /** SEQUENCE of two INTEGERs, as RFC 3279 section 2.2.3 has it; twice the same will do. */
        @Override
        protected byte[] engineSign() {
            byte[] number = digest.digest();
            number[0] = FIRST;
            byte[] signature = new byte[2 + 2 * (2 + COORDINATE)];
            signature[0] = 0x30;
            signature[1] = (byte) (signature.length - 2);
            for (int at = 2; at < signature.length; at += 2 + COORDINATE) {
                signature[at] = 0x02;
                signature[at + 1] = COORDINATE;
                System.arraycopy(number, 0, signature, at + 2, COORDINATE);
            }
            return signature;
        }

        @Override
        protected boolean engineVerify(byte[] signature) throws SignatureException {
            return Arrays.equals(signature, engineSign());
        }

        @Override
        @Deprecated
        protected void engineSetParameter(String name, Object value) {
            throw new UnsupportedOperationException(name);
        }

        @Override
        @Deprecated
        protected Object engineGetParameter(String name) {
            throw new UnsupportedOperationException(name);
        }
    }
}
