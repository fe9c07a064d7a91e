package dev.postern.tls;

import dev.postern.config.Tls;
import dev.postern.config.TlsCipher;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a ClientHello says of the keys that a server may sign with: by the schemes of
 * <a href="https://datatracker.ietf.org/doc/html/rfc8446#section-4.2.3">RFC 8446 §4.2.3</a>, and in TLS 1.2 by suites and groups as
 * well (<a href="https://datatracker.ietf.org/doc/html/rfc8422#section-5.1">RFC 8422 §5.1</a>). What cannot be read is not offered:
 * whoever has written it is told by the library. Filled by the reader of one hello.
 */
final class OfferedKeys {
    private static final int SUPPORTED_GROUPS = 10;
    private static final int SIGNATURE_ALGORITHMS = 13;
    private static final int SUPPORTED_VERSIONS = 43;
    private static final int SIGNATURE_ALGORITHMS_CERT = 50;

    private static final int TLS_1_3 = 0x0304;

    private static final Map<Integer, Integer> GROUP_OF_BITS = Map.of(256, 23, 384, 24, 521, 25);
    /** In TLS 1.3 the scheme names the curve. */
    private static final Map<Integer, Integer> SCHEME_OF_BITS = Map.of(256, 0x0403, 384, 0x0503, 521, 0x0603);

    private static final int ED25519 = 0x0807;
    /** The second octet of a scheme for TLS 1.2: which kind of key. */
    private static final int ECDSA = 3;

    /** As IANA has them. */
    private static final Map<TlsCipher, Integer> SUITES = Map.of(
            TlsCipher.ECDHE_ECDSA_AES128_GCM_SHA256, 0xc02b,
            TlsCipher.ECDHE_ECDSA_AES256_GCM_SHA384, 0xc02c,
            TlsCipher.ECDHE_ECDSA_CHACHA20_POLY1305, 0xcca9,
            TlsCipher.ECDHE_ECDSA_AES128_SHA, 0xc009,
            TlsCipher.ECDHE_ECDSA_AES256_SHA, 0xc00a);

    int[] suites = {};
    private int @Nullable [] groups;
    private int @Nullable [] schemes;
    private int @Nullable [] schemesOfCertificates;
    private boolean speaks13;

    void read(int extension, byte[] bytes, int from, int to) {
        switch (extension) {
            case SUPPORTED_GROUPS -> groups = list(bytes, from, to);
            case SIGNATURE_ALGORITHMS -> schemes = list(bytes, from, to);
            case SIGNATURE_ALGORITHMS_CERT -> schemesOfCertificates = list(bytes, from, to);
            case SUPPORTED_VERSIONS -> speaks13 = from < to && has(pairs(bytes, from + 1, to), TLS_1_3);
            default -> {}
        }
    }

    /** Behind its length. */
    private static int[] list(byte[] bytes, int from, int to) {
        return pairs(bytes, Math.min(from + 2, to), to);
    }

    static int[] pairs(byte[] bytes, int from, int to) {
        int[] numbers = new int[Math.max(0, to - from) / 2];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (bytes[from + 2 * i] & 0xff) << 8 | (bytes[from + 2 * i + 1] & 0xff);
        }
        return numbers;
    }

    /** @param key of an elliptic curve; everybody else can do with RSA, or with nothing that we have */
    boolean take(PrivateKey key, Tls ours) {
        int bits =
                key instanceof ECPrivateKey curve ? curve.getParams().getOrder().bitLength() : 0;
        boolean signed = schemesOfCertificates == null || hasCurves(schemesOfCertificates);
        if (speaks13) {
            int scheme = bits == 0 ? ED25519 : SCHEME_OF_BITS.getOrDefault(bits, -1);
            return signed && schemes != null && has(schemes, scheme);
        }
        return signed
                && ours.ciphers().stream().anyMatch(one -> has(suites, SUITES.getOrDefault(one, -1)))
                && (bits == 0 ? schemes != null && has(schemes, ED25519) : schemes == null || hasCurves(schemes))
                && (bits == 0 || groups == null || has(groups, GROUP_OF_BITS.getOrDefault(bits, -1)));
    }

    private static boolean hasCurves(int[] schemes) {
        for (int scheme : schemes) {
            if ((scheme & 0xff) == ECDSA || scheme == ED25519) {
                return true;
            }
        }
        return false;
    }

    private static boolean has(int[] numbers, int wanted) {
        for (int number : numbers) {
            if (number == wanted) {
                return true;
            }
        }
        return false;
    }
}
