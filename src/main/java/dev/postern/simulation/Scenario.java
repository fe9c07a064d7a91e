package dev.postern.simulation;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is to be simulated; the same scenario gives the same history.
 *
 * @param sites each with a registered domain of its own
 * @param lifetime of the certificates that every issuer gives
 * @param issuers in order of preference
 * @param staging whether each issuer has a directory for trying things out
 * @param profile the name of the kind of certificate that is ordered; null where orders name none
 * @param renewalInformation whether the issuers say when they would like to see us, RFC 9773
 * @param faults what goes wrong by itself
 * @param calamities what goes wrong besides
 */
public record Scenario(
        long seed,
        Duration span,
        int sites,
        Duration lifetime,
        List<String> issuers,
        boolean staging,
        @Nullable String profile,
        boolean renewalInformation,
        Faults faults,
        List<Calamity> calamities) {
    public Scenario {
        issuers = List.copyOf(issuers);
        calamities = List.copyOf(calamities);
    }

    /** One site for a year at two issuers, where nothing goes wrong. */
    public static Scenario quiet(long seed, Duration lifetime) {
        return new Scenario(
                seed,
                Duration.ofDays(365),
                1,
                lifetime,
                List.of("preferred", "second"),
                false,
                null,
                false,
                Faults.NONE,
                List.of());
    }

    public Scenario seed(long other) {
        return new Scenario(
                other, span, sites, lifetime, issuers, staging, profile, renewalInformation, faults, calamities);
    }

    public Scenario span(Duration other) {
        return new Scenario(
                seed, other, sites, lifetime, issuers, staging, profile, renewalInformation, faults, calamities);
    }

    public Scenario sites(int other) {
        return new Scenario(
                seed, span, other, lifetime, issuers, staging, profile, renewalInformation, faults, calamities);
    }

    public Scenario issuers(String... other) {
        return new Scenario(
                seed, span, sites, lifetime, List.of(other), staging, profile, renewalInformation, faults, calamities);
    }

    public Scenario renewalInformation(boolean other) {
        return new Scenario(seed, span, sites, lifetime, issuers, staging, profile, other, faults, calamities);
    }

    public Scenario staging(boolean other) {
        return new Scenario(
                seed, span, sites, lifetime, issuers, other, profile, renewalInformation, faults, calamities);
    }

    public Scenario profile(@Nullable String other) {
        return new Scenario(
                seed, span, sites, lifetime, issuers, staging, other, renewalInformation, faults, calamities);
    }

    public Scenario with(Faults other) {
        return new Scenario(
                seed, span, sites, lifetime, issuers, staging, profile, renewalInformation, other, calamities);
    }

    public Scenario with(Calamity... other) {
        return new Scenario(
                seed, span, sites, lifetime, issuers, staging, profile, renewalInformation, faults, List.of(other));
    }
}
