package dev.postern.config;

import java.util.List;

/**
 * How TLS is spoken with clients.
 *
 * @param ciphers of TLS 1.2, the preferred one first
 * @param groups the preferred one first; none for those of the library
 */
public record Tls(TlsVersion minVersion, TlsProfile profile, List<TlsCipher> ciphers, List<TlsGroup> groups) {
    /** As the profile has it. */
    public Tls(TlsVersion minVersion, TlsProfile profile) {
        this(minVersion, profile, TlsCipher.INTERMEDIATE, List.of());
    }
}
