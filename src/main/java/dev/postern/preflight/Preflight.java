package dev.postern.preflight;

import dev.postern.certificate.served.ReachabilityProbe;
import dev.postern.config.Addresses;
import dev.postern.config.ChallengeType;
import dev.postern.config.Issuer;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.PublicCas;
import dev.postern.config.Site;
import dev.postern.dns.Lookup;
import dev.postern.dns.Lookup.Family;
import dev.postern.preflight.Finding.Check;
import dev.postern.preflight.Finding.Verdict;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Looks at what an order depends on. Blocking, for as long as the DNS and the servers of the site take, at most some
 * seconds for each; any thread but an event loop's.
 */
public final class Preflight {
    /** What the clock of a CA may differ by: certificates are dated back by an hour, and requests carry no time. */
    private static final Duration SKEW = Duration.ofMinutes(5);

    /** More addresses than this are not tried one by one. */
    private static final int ADDRESSES = 8;

    /**
     * What a CA said of itself.
     *
     * @param failure in words, why it said nothing; null where it did
     */
    private record Told(CaDirectory directory, @Nullable String failure) {}

    private final Lookup lookup;
    private final ReachabilityProbe probe;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Reach.Ports ports;
    private final Directories directories;

    /** What CAs say of themselves. */
    @FunctionalInterface
    interface Directories {
        CaDirectory read(AcmeDirectory issuer) throws IOException, InterruptedException;
    }

    public Preflight(Lookup lookup, ReachabilityProbe probe, InstantSource clock, RandomGenerator random) {
        this(lookup, probe, clock, random, 80, 443);
    }

    /** As above, for CAs that ask at other ports than 80 and 443. */
    public Preflight(
            Lookup lookup,
            ReachabilityProbe probe,
            InstantSource clock,
            RandomGenerator random,
            int httpPort,
            int httpsPort) {
        this(lookup, probe, clock, random, new Reach.Ports(httpPort, httpsPort), CaDirectory::read);
    }

    Preflight(
            Lookup lookup,
            ReachabilityProbe probe,
            InstantSource clock,
            RandomGenerator random,
            Reach.Ports ports,
            Directories directories) {
        this.lookup = lookup;
        this.probe = probe;
        this.clock = clock;
        this.random = random;
        this.ports = ports;
        this.directories = directories;
    }

    /** What the DNS says of one family: that there is nothing and that nothing is known are different things. */
    private sealed interface Answer {
        /** At least one. */
        record Found(List<InetAddress> addresses) implements Answer {}

        record Nothing() implements Answer {}

        record Failed(String reason) implements Answer {}
    }

    private Answer ask(String name, Family family) {
        InetAddress literal = Addresses.literal(name);
        if (literal != null) {
            return Reach.familyOf(literal) == family ? new Answer.Found(List.of(literal)) : new Answer.Nothing();
        }
        try {
            List<InetAddress> addresses = lookup.addresses(name, family);
            return addresses.isEmpty() ? new Answer.Nothing() : new Answer.Found(addresses);
        } catch (IOException e) {
            return new Answer.Failed(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Everything about several sites; what concerns a CA is looked at once, and told with the first site that may ask it.
     *
     * @param issuers those that may certify a site
     * @param reach as in {@link #check(Site, List, boolean)}
     */
    public List<PreflightReport> check(List<Site> sites, Function<Site, List<Issuer>> issuers, boolean reach)
            throws InterruptedException {
        Map<String, Told> told = new LinkedHashMap<>();
        List<PreflightReport> reports = new ArrayList<>();
        for (Site site : sites) {
            reports.add(check(site, issuers.apply(site), reach, told));
        }
        return reports;
    }

    /**
     * Everything about a site.
     *
     * @param issuers those that may certify the site
     * @param reach whether to fetch our own answer back, for which a Postern must be listening
     */
    public PreflightReport check(Site site, List<Issuer> issuers, boolean reach) throws InterruptedException {
        return check(site, issuers, reach, new LinkedHashMap<>());
    }

    /** @param told what CAs said of themselves already */
    private PreflightReport check(Site site, List<Issuer> issuers, boolean reach, Map<String, Told> told)
            throws InterruptedException {
        List<AcmeDirectory> acme = issuers.stream()
                .filter(AcmeDirectory.class::isInstance)
                .map(AcmeDirectory.class::cast)
                .toList();
        if (acme.isEmpty()) {
            return new PreflightReport(site.name(), List.of());
        }
        // The internal CA asks nobody, and another's DNS may differ from ours: then nothing is certain.
        boolean certain = acme.size() == issuers.size()
                && acme.stream().allMatch(issuer -> PublicCas.isPublic(issuer.directory()));
        List<Finding> findings = new ArrayList<>();
        Set<String> known = Set.copyOf(told.keySet());
        for (AcmeDirectory issuer : acme) {
            if (!told.containsKey(issuer.name())) {
                told.put(issuer.name(), directory(issuer, findings));
            }
        }
        // One that answers is enough.
        boolean nobody = acme.size() == issuers.size()
                && acme.stream().allMatch(issuer -> of(issuer, told).failure() != null);
        for (AcmeDirectory issuer : acme) {
            String failure = of(issuer, told).failure();
            if (failure != null && (nobody || !known.contains(issuer.name()))) {
                findings.add(new Finding(
                        Check.DIRECTORY, issuer.name(), nobody ? Verdict.UNKNOWN : Verdict.WARNING, failure));
            }
        }
        for (String name : site.names()) {
            if (Addresses.isAddress(name)) {
                // Neither A nor CAA records are of any weight, RFC 8738 §8.
                if (reach) {
                    for (Family family : Family.values()) {
                        reach(site, name, ask(name, family), findings);
                    }
                }
                continue;
            }
            checkName(site, name, certain, reach, findings);
            List<Finding> caa = new ArrayList<>();
            for (AcmeDirectory issuer : acme) {
                caa.add(new CaaRules(lookup)
                        .check(
                                name,
                                site.challenges(),
                                new CaaRules.Candidate(
                                        issuer.name(),
                                        of(issuer, told).directory().caaIdentities())));
            }
            // One that may is enough.
            boolean forbidden = caa.stream().allMatch(finding -> finding.verdict() == Verdict.CERTAIN);
            caa.forEach(finding -> findings.add(certain && forbidden ? finding : finding.doubted()));
        }
        return new PreflightReport(site.name(), findings);
    }

    private static Told of(AcmeDirectory issuer, Map<String, Told> told) {
        return Objects.requireNonNull(told.get(issuer.name()), "told");
    }

    private Told directory(AcmeDirectory issuer, List<Finding> findings) throws InterruptedException {
        CaDirectory directory;
        try {
            directory = directories.read(issuer);
        } catch (IOException e) {
            // Of trust nothing comes by waiting.
            String next = e.getCause() instanceof SSLException
                    ? "; no order gets further: see to ca-file, and to who answers there"
                    : "; no order gets further: see to directory, to the way out of this host, or wait for the CA";
            return new Told(
                    new CaDirectory(List.of(), Optional.empty()), issuer.directory() + ": " + e.getMessage() + next);
        }
        findings.add(Finding.ok(Check.DIRECTORY, issuer.name(), issuer.directory() + ": answers"));
        directory.date().ifPresent(date -> {
            Duration skew = Duration.between(clock.instant(), date);
            findings.add(
                    skew.abs().compareTo(SKEW) <= 0
                            ? Finding.ok(Check.CLOCK, issuer.name(), "the clock of this host agrees with the CA's")
                            : Finding.warning(
                                    Check.CLOCK,
                                    issuer.name(),
                                    "the clock of this host is " + TimeText.of(skew.abs()) + " "
                                            + (skew.isNegative() ? "ahead of" : "behind")
                                            + " the CA's (expected: less than " + SKEW.toMinutes()
                                            + "m); set it, best with NTP"));
        });
        return new Told(directory, null);
    }

    private void checkName(Site site, String name, boolean certain, boolean reach, List<Finding> findings) {
        List<ChallengeType> challenges = site.challenges();
        // A TXT record is all that dns-01 needs.
        if (name.startsWith("*.") || challenges.stream().allMatch(type -> type == ChallengeType.DNS_01)) {
            return;
        }
        Map<Family, Answer> answers = new EnumMap<>(Family.class);
        for (Family family : Family.values()) {
            answers.put(family, ask(name, family));
        }
        boolean anywhere = answers.values().stream().anyMatch(Answer.Found.class::isInstance);
        boolean unknown = answers.values().stream().anyMatch(Answer.Failed.class::isInstance);
        if (!anywhere && !unknown) {
            String sentence = "the name has no A record and no AAAA record (expected: an address of this host);"
                    + " make an A or AAAA record for " + name;
            boolean fatal = certain && !challenges.contains(ChallengeType.DNS_01);
            findings.add(
                    fatal
                            ? Finding.certain(Check.ADDRESS_IPV4, name, sentence)
                            : Finding.warning(Check.ADDRESS_IPV4, name, sentence));
            return;
        }
        for (Family family : Family.values()) {
            Check check = family == Family.IPV4 ? Check.ADDRESS_IPV4 : Check.ADDRESS_IPV6;
            Answer answer = answers.getOrDefault(family, new Answer.Nothing());
            if (answer instanceof Answer.Found found) {
                addresses(check, name, family, found.addresses(), site, findings);
            } else if (answer instanceof Answer.Failed failed) {
                findings.add(new Finding(
                        check,
                        name,
                        anywhere ? Verdict.WARNING : Verdict.UNKNOWN,
                        "asking for " + Reach.type(family) + " records failed: " + failed.reason()
                                + " (a CA that cannot ask either refuses); see to the name servers of " + name));
            } else if (anywhere) {
                findings.add(Finding.ok(check, name, "no " + Reach.type(family) + " record, and none is needed"));
            } else {
                // Whether that matters depends on the other family, of which there is a warning.
                findings.add(Finding.ok(
                        check,
                        name,
                        "no " + Reach.type(family) + " record, and none is needed where there is one of the other"
                                + " family"));
            }
        }
        if (reach) {
            for (Answer answer : answers.values()) {
                reach(site, name, answer, findings);
            }
        }
    }

    private void reach(Site site, String name, Answer answer, List<Finding> findings) {
        boolean http = site.challenges().contains(ChallengeType.HTTP_01);
        if ((http || site.challenges().contains(ChallengeType.TLS_ALPN_01)) && answer instanceof Answer.Found found) {
            Reach probes = new Reach(probe, lookup, random, ports);
            for (InetAddress address :
                    found.addresses().stream().limit(ADDRESSES).toList()) {
                findings.add(http ? probes.check(name, address) : probes.connect(name, address));
            }
        }
    }

    /**
     * Only this: our own answer, fetched back over each address of each name that is proven by http-01; for a site that
     * is proven by tls-alpn-01 and not by http-01, whether port 443 takes connections.
     */
    public PreflightReport reach(Site site) {
        List<Finding> findings = new ArrayList<>();
        if (site.challenges().stream().anyMatch(type -> type != ChallengeType.DNS_01)) {
            for (String name : site.names()) {
                for (Family family : Family.values()) {
                    if (!name.startsWith("*.")) {
                        reach(site, name, ask(name, family), findings);
                    }
                }
            }
        }
        return new PreflightReport(site.name(), findings);
    }

    private static void addresses(
            Check check, String name, Family family, List<InetAddress> found, Site site, List<Finding> findings) {
        List<String> all = found.stream().map(InetAddress::getHostAddress).toList();
        List<String> unreachable = found.stream()
                .filter(Preflight::isPrivate)
                .map(InetAddress::getHostAddress)
                .toList();
        findings.add(
                unreachable.isEmpty()
                        ? Finding.ok(check, name, Reach.type(family) + " " + String.join(", ", all))
                        : Finding.warning(
                                check,
                                name,
                                Reach.type(family) + " " + String.join(", ", unreachable)
                                        + " is a private address, which no CA on the internet reaches (expected: the public"
                                        + " address of this host); correct the record of " + name + ", or prove "
                                        + site.name()
                                        + " by dns-01"));
    }

    private static boolean isPrivate(InetAddress address) {
        byte[] bytes = address.getAddress();
        boolean uniqueLocal = bytes.length == 16 && (bytes[0] & 0xfe) == 0xfc;
        boolean sharedNat = bytes.length == 4 && bytes[0] == 100 && (bytes[1] & 0xc0) == 64;
        return uniqueLocal
                || sharedNat
                || address.isSiteLocalAddress()
                || address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || address.isAnyLocalAddress()
                || address.isMulticastAddress();
    }
}
