package dev.postern.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How servers are spoken to over TLS, and who they have to be.
 *
 * @param caFile whose certificates are trusted; null for those of the system, or for the pins alone
 * @param serverName that they are asked for, and have to prove; null for the one each is given by
 * @param pins of the keys that one of them has to have: Base64 of the SHA-256 of its SubjectPublicKeyInfo; none for any
 * @param verify false where anybody is believed to be them
 * @param certificate that we show them; null for none
 */
public record ServerTls(
        @Nullable KeptFile caFile,
        @Nullable String serverName,
        @InFile(key = "pin") List<String> pins,
        boolean verify,
        TlsVersion minVersion,
        @Nullable Shown certificate) {
    /** A certificate of ours. */
    public record Shown(KeptFile chain, KeptFile key) {}

    /** Whether a server has to prove its name. */
    public boolean namesCount() {
        return verify && !isPinnedOnly();
    }

    /** Whether what decides is the key alone: names and dates say nothing then. */
    public boolean isPinnedOnly() {
        return caFile == null && !pins.isEmpty();
    }
}
