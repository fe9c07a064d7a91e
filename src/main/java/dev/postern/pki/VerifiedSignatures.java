package dev.postern.pki;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which certificate was signed by which other one, as far as that was verified lately: thousands of chains have the same
 * intermediates, and a chain is read several times on its way from the CA to the disk. Any thread.
 */
final class VerifiedSignatures {
    /** The signers of all CAs, and what is just being installed; a hundred bytes each. */
    private static final int REMEMBERED = 500;

    private final Map<String, Boolean> verified = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** @throws GeneralSecurityException where {@code signed} was not signed by the key of {@code signer} */
    void verify(X509Certificate signed, X509Certificate signer) throws GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(signer.getPublicKey().getEncoded());
        // All of it, with the signature.
        String pair = HexFormat.of().formatHex(digest.digest(signed.getEncoded()));
        synchronized (verified) {
            if (verified.containsKey(pair)) {
                return;
            }
        }
        signed.verify(signer.getPublicKey());
        synchronized (verified) {
            verified.put(pair, true);
        }
    }
}
