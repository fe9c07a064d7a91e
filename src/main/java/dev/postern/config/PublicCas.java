package dev.postern.config;

import java.net.URI;
import java.util.List;
import java.util.Locale;

/** CAs that browsers trust, and that are bound by their rules. */
public final class PublicCas {
    /** Hosts, with everything below them, whose CAs answer to the CA/Browser Forum. */
    private static final List<String> HOSTS =
            List.of("letsencrypt.org", "zerossl.com", "pki.goog", "ssl.com", "digicert.com", "sectigo.com");

    private PublicCas() {}

    public static boolean isPublic(URI directory) {
        String host = directory.getHost();
        return host != null && HOSTS.stream().anyMatch(ca -> ("." + host.toLowerCase(Locale.ROOT)).endsWith("." + ca));
    }
}
