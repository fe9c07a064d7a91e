package dev.postern.machine;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.OpenSsl;
import io.netty.internal.tcnative.Buffer;
import io.netty.internal.tcnative.SSL;
import io.netty.internal.tcnative.SSLContext;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The native library that handshakes are made with, BoringSSL, in a process that has loaded it. To load it takes a third of a
 * second, so that commands which make no handshake do without. Any thread.
 */
public final class TlsLibrary {
    /** {@code error:06000080:public key routines:OPENSSL_internal:UNSUPPORTED_ALGORITHM}. */
    private static final Pattern REASON = Pattern.compile("OPENSSL_internal:([A-Z0-9_]+)");

    // Once it is, for as long as the process lives.
    private static volatile boolean loaded;

    private TlsLibrary() {}

    /** Loading happens once, by the first thread, while the others wait. */
    private static final class Library {
        private static final boolean IS_THERE = OpenSsl.isAvailable();

        /** What each trial begins with; it holds nothing of them. */
        private static final long CONTEXT = IS_THERE ? context() : 0;

        private static long context() {
            try {
                return SSLContext.make(SSL.SSL_PROTOCOL_TLSV1_2 | SSL.SSL_PROTOCOL_TLSV1_3, SSL.SSL_MODE_SERVER);
            } catch (Exception e) {
                throw new IllegalStateException("a TLS context without a certificate", e);
            }
        }
    }

    /** Loads it, or waits until it is; does nothing where there is none for this platform. */
    public static void load() {
        loaded = Library.IS_THERE;
    }

    /** Whether {@link #refusal} may be asked. */
    public static boolean isLoaded() {
        return loaded;
    }

    /**
     * Does with a key and its certificates what each handshake that presents them does first. This finds a key that is not of
     * the first of them, or whose numbers do not fit each other, and whatever else the library does not take.
     *
     * @param key PKCS#8
     * @param chain the certificate of the key, and those that are sent with it
     * @return the library's reason; null where handshakes can be made
     */
    public static @Nullable String refusal(byte[] key, List<byte[]> chain) {
        long tls = 0;
        long keyText = 0;
        long chainText = 0;
        long parsedKey = 0;
        long parsedChain = 0;
        try {
            keyText = text("PRIVATE KEY", List.of(key));
            parsedKey = SSL.parsePrivateKey(keyText, null);
            chainText = text("CERTIFICATE", chain);
            parsedChain = SSL.parseX509Chain(chainText);
            tls = SSL.newSSL(Library.CONTEXT, true);
            SSL.setKeyMaterial(tls, parsedChain, parsedKey);
            return null;
        } catch (Exception e) {
            // What it throws has no class of its own.
            return reason(String.valueOf(e.getMessage()));
        } finally {
            free(tls, parsedKey, parsedChain);
            freeText(keyText);
            freeText(chainText);
        }
    }

    private static void free(long tls, long key, long chain) {
        if (tls != 0) {
            SSL.freeSSL(tls);
        }
        if (key != 0) {
            SSL.freePrivateKey(key);
        }
        if (chain != 0) {
            SSL.freeX509Chain(chain);
        }
    }

    private static void freeText(long text) {
        if (text != 0) {
            SSL.freeBIO(text);
        }
    }

    /** As PEM, which is the one form that the library takes from Java, in memory of its own; to be freed. */
    private static long text(String label, List<byte[]> blocks) throws Exception {
        byte[] begin = ("-----BEGIN " + label + "-----\n").getBytes(StandardCharsets.US_ASCII);
        byte[] end = ("\n-----END " + label + "-----\n").getBytes(StandardCharsets.US_ASCII);
        // In one long line, which Java encodes at once; the library does not mind.
        List<byte[]> encoded = blocks.stream().map(Base64.getEncoder()::encode).toList();
        int length = encoded.stream()
                .mapToInt(block -> begin.length + block.length + end.length)
                .sum();
        // As much as it takes, so that it is never copied and left behind: it may be a key.
        ByteBuf pem = UnpooledByteBufAllocator.DEFAULT.directBuffer(length, length);
        try {
            encoded.forEach(block -> pem.writeBytes(begin).writeBytes(block).writeBytes(end));
            long text = SSL.newMemBIO();
            if (SSL.bioWrite(text, Buffer.address(pem.internalNioBuffer(0, length)), length) != length) {
                SSL.freeBIO(text);
                throw new IllegalStateException("no memory for " + length + " bytes of the library's");
            }
            return text;
        } finally {
            pem.setZero(0, length);
            pem.release();
        }
    }

    private static String reason(String message) {
        Matcher reason = REASON.matcher(message);
        return reason.find() ? reason.group(1) : message;
    }
}
