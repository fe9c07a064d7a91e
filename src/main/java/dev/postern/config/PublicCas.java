package dev.postern.config;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** CAs that browsers trust, and that are bound by their rules. */
public final class PublicCas {
    /** Hosts, with everything below them, whose CAs answer to the CA/Browser Forum. */
    private static final List<String> HOSTS =
            List.of("letsencrypt.org", "zerossl.com", "pki.goog", "ssl.com", "digicert.com", "sectigo.com");

    private static final String LETSENCRYPT = "letsencrypt.org";

    /** Those of whom it is known that this is what they put into a certificate at most. */
    private static final List<String> HUNDRED_NAMES = List.of(LETSENCRYPT, "zerossl.com", "pki.goog");

    /** <a href="https://letsencrypt.org/docs/profiles/">Profiles</a> of Let's Encrypt that have room for fewer. */
    private static final Map<String, Integer> OF_PROFILES = Map.of("tlsserver", 25, "shortlived", 25);

    private PublicCas() {}

    public static boolean isLetsEncrypt(Issuer issuer) {
        return issuer instanceof Issuer.AcmeDirectory acme && isAt(acme.directory(), List.of(LETSENCRYPT));
    }

    /** How many names a certificate of this CA may have; as many as one likes where that is not known. */
    public static int mostNames(Issuer issuer, List<String> names) {
        if (!(issuer instanceof Issuer.AcmeDirectory acme) || !isAt(acme.directory(), HUNDRED_NAMES)) {
            return Integer.MAX_VALUE;
        }
        String profile = isLetsEncrypt(issuer) ? acme.profileFor(names) : null;
        return profile == null ? 100 : OF_PROFILES.getOrDefault(profile, 100);
    }

    public static boolean isPublic(URI directory) {
        return isAt(directory, HOSTS);
    }

    private static boolean isAt(URI directory, List<String> hosts) {
        String host = directory.getHost();
        return host != null && hosts.stream().anyMatch(ca -> ("." + host.toLowerCase(Locale.ROOT)).endsWith("." + ca));
    }
}
