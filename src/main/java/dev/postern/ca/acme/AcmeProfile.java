package dev.postern.ca.acme;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A kind of certificate that an order may name.
 *
 * @param description what the directory says of it
 * @param life from notBefore to notAfter
 * @param backdate the part of it that is over when the certificate is issued
 * @param addresses whether it is for IP addresses, too
 */
public record AcmeProfile(String description, Duration life, Duration backdate, boolean addresses) {
    /** For whatever may be in a certificate. */
    public AcmeProfile(String description, Duration life, Duration backdate) {
        this(description, life, backdate, true);
    }

    /** As at Let's Encrypt in 2026, each backdated by an hour. */
    public static Map<String, AcmeProfile> likeLetsEncrypt() {
        Duration hour = Duration.ofHours(1);
        Map<String, AcmeProfile> profiles = new LinkedHashMap<>();
        profiles.put("classic", new AcmeProfile("for everybody", Duration.ofDays(90), hour, false));
        profiles.put(
                "tlsserver", new AcmeProfile("for servers that renew by themselves", Duration.ofDays(45), hour, false));
        profiles.put(
                "shortlived", new AcmeProfile("for servers that renew every few days", Duration.ofHours(160), hour));
        return profiles;
    }
}
