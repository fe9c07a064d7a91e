package dev.postern.config.read;

import dev.postern.config.Quoted;
import dev.postern.config.Scalar;
import dev.postern.config.Tls;
import dev.postern.config.TlsProfile;
import dev.postern.config.TlsVersion;
import java.util.List;
import java.util.Locale;

/** Reads {@code tls}. */
final class TlsReader {
    static final List<String> KEYS = List.of("min-version", "profile");

    private static final Scalar<TlsVersion> VERSION = Scalar.oneOf(List.of(TlsVersion.values()), TlsVersion::text);
    private static final Scalar<TlsProfile> PROFILE =
            Scalar.oneOf(List.of(TlsProfile.values()), profile -> profile.name().toLowerCase(Locale.ROOT));

    private TlsReader() {}

    static Tls read(Section tls) {
        TlsProfile profile = tls.get("profile", PROFILE, TlsProfile.INTERMEDIATE);
        // Mozilla's modern is TLS 1.3 and nothing else.
        TlsVersion least = profile == TlsProfile.MODERN ? TlsVersion.TLS_1_3 : TlsVersion.TLS_1_2;
        TlsVersion minVersion = tls.get("min-version", VERSION, least);
        if (minVersion.compareTo(least) < 0) {
            tls.place("min-version")
                    .problem(Quoted.of(minVersion.text()) + " contradicts profile: modern (expected: " + least.text()
                            + ", or profile: intermediate)");
        }
        return new Tls(minVersion, profile);
    }
}
