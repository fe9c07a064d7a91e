package dev.postern.simulation;

import java.time.Duration;
import java.util.List;

/**
 * What is to be simulated; the same scenario gives the same history.
 *
 * @param sites each with a registered domain of its own
 * @param lifetime of the certificates that every issuer gives
 * @param issuers in order of preference
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
                seed, Duration.ofDays(365), 1, lifetime, List.of("preferred", "second"), false, Faults.NONE, List.of());
    }

    public Scenario seed(long other) {
        return new Scenario(other, span, sites, lifetime, issuers, renewalInformation, faults, calamities);
    }

    public Scenario span(Duration other) {
        return new Scenario(seed, other, sites, lifetime, issuers, renewalInformation, faults, calamities);
    }

    public Scenario sites(int other) {
        return new Scenario(seed, span, other, lifetime, issuers, renewalInformation, faults, calamities);
    }

    public Scenario issuers(String... other) {
        return new Scenario(seed, span, sites, lifetime, List.of(other), renewalInformation, faults, calamities);
    }

    public Scenario renewalInformation(boolean other) {
        return new Scenario(seed, span, sites, lifetime, issuers, other, faults, calamities);
    }

    public Scenario with(Faults other) {
        return new Scenario(seed, span, sites, lifetime, issuers, renewalInformation, other, calamities);
    }

    public Scenario with(Calamity... other) {
        return new Scenario(seed, span, sites, lifetime, issuers, renewalInformation, faults, List.of(other));
    }
}
