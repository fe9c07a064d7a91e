package dev.postern.config.read;

import dev.postern.config.Acme;
import dev.postern.config.ChallengeType;
import dev.postern.config.HostName;
import dev.postern.config.Issuer;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.PublicCas;
import dev.postern.config.PublicNames;
import dev.postern.config.Quoted;
import dev.postern.config.Site;
import dev.postern.config.Words;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Whether the issuers can give the sites the certificates they need. */
final class Issuance {
    private static final String TO_DO =
            "add internal to acme.issuers, bring a certificate, or serve the site over HTTP only (plain: true)";

    private Issuance() {}

    static void check(Section section, Acme acme, List<SitesReader.Entry> sites) {
        List<SitesReader.Entry> needy =
                sites.stream().filter(SitesReader.Entry::isIssued).toList();
        List<Issuer> overAcme =
                acme.issuers().stream().filter(AcmeDirectory.class::isInstance).toList();
        if (!needy.isEmpty() && !overAcme.isEmpty()) {
            checkContact(section, acme, needy.get(0), namesOf(overAcme));
        }
        for (SitesReader.Entry site : needy) {
            checkNames(acme, site.names(), site.site().challenges());
            checkTogether(acme, site.names(), site.site().challenges());
        }
    }

    /** What public CAs refuse of several names in one certificate, where no other CA is left to be asked. */
    private static void checkTogether(Acme acme, List<SitesReader.Name> names, List<ChallengeType> challenges) {
        List<Issuer> able = acme.issuers().stream()
                .filter(issuer -> names.stream().allMatch(name -> acme.mayCertify(issuer, name.name(), challenges)))
                .toList();
        if (able.isEmpty()) {
            return;
        }
        checkNumber(able, names);
        if (!able.stream().allMatch(PublicCas::isLetsEncrypt)) {
            return;
        }
        Set<String> all = names.stream().map(SitesReader.Name::name).collect(Collectors.toSet());
        for (SitesReader.Name name : names) {
            int dot = name.name().indexOf('.');
            String wildcard = "*" + name.name().substring(Math.max(dot, 0));
            if (dot > 0 && !HostName.isWildcard(name.name()) && all.contains(wildcard)) {
                name.at()
                        .problem(Quoted.of(name.name()) + " is covered by " + Quoted.of(wildcard) + ", and "
                                + namesOf(able) + " takes no order with both (expected: one of the two)");
            }
        }
    }

    private static void checkNumber(List<Issuer> able, List<SitesReader.Name> names) {
        List<String> all = names.stream().map(SitesReader.Name::name).toList();
        int most = able.stream()
                .mapToInt(issuer -> PublicCas.mostNames(issuer, all))
                .max()
                .orElse(0);
        if (names.size() > most) {
            names.get(most)
                    .at()
                    .problem("is one name too many: " + namesOf(able) + " puts at most " + most
                            + " into a certificate (expected: several sites)");
        }
    }

    /** One of the issuers must be able to certify all the names: a site has one certificate. */
    private static void checkNames(Acme acme, List<SitesReader.Name> names, List<ChallengeType> challenges) {
        List<SitesReader.Name> hopeless = names.stream()
                .filter(name -> !name.name().equals(Site.ANY))
                .filter(name ->
                        acme.issuers().stream().noneMatch(issuer -> acme.mayCertify(issuer, name.name(), challenges)))
                .toList();
        for (SitesReader.Name name : hopeless) {
            name.at()
                    .problem(Quoted.of(name.name())
                            + (!ChallengeType.canProve(name.name(), challenges)
                                    ? unprovable(name.name())
                                    : " " + PublicNames.refusal(name.name()) + ", which " + namesOf(acme.issuers())
                                            + " may not certify; ")
                            + TO_DO);
        }
        if (!hopeless.isEmpty()) {
            return;
        }
        Map<Issuer, SitesReader.Name> obstacles = new LinkedHashMap<>();
        for (Issuer issuer : acme.issuers()) {
            names.stream()
                    .filter(name -> !acme.mayCertify(issuer, name.name(), challenges))
                    .findFirst()
                    .ifPresent(name -> obstacles.put(issuer, name));
        }
        if (!obstacles.isEmpty() && obstacles.size() == acme.issuers().size()) {
            SitesReader.Name first = obstacles.values().iterator().next();
            first.at()
                    .problem(Quoted.of(first.name()) + " cannot be in one certificate with the other names: "
                            + obstacles.entrySet().stream()
                                    .map(entry -> entry.getKey().name() + " may not certify "
                                            + Quoted.of(entry.getValue().name()))
                                    .collect(Collectors.joining(", "))
                            + "; make it a site of its own, with a certificate that you bring, or with plain: true");
        }
    }

    private static String unprovable(String name) {
        return HostName.isWildcard(name)
                ? " cannot be proven by HTTP-01 or TLS-ALPN-01, which know no wildcards;"
                        + " add dns-01 to the challenges of the site, "
                : " cannot be proven by DNS-01, which knows no addresses;"
                        + " add http-01 or tls-alpn-01 to the challenges of the site, ";
    }

    private static void checkContact(Section section, Acme acme, SitesReader.Entry site, String issuers) {
        String because = site.at().path() + " gets its certificate from " + issuers;
        if (!section.has("email")) {
            section.at()
                    .absent("email")
                    .problem("missing; " + because + " (expected: an address such as ops@example.com)");
        }
        if (!section.has("agree-to-terms")) {
            section.at()
                    .absent("agree-to-terms")
                    .problem("missing; " + because + " (expected: true, once you have read the terms of service)");
        } else if (!acme.agreeToTerms()) {
            Value terms = section.place("agree-to-terms");
            terms.problem("is not true; " + because + " (expected: true, once you have read the terms of service)");
        }
    }

    private static String namesOf(List<Issuer> issuers) {
        return Words.or(issuers.stream().map(Issuer::name).collect(Collectors.toList()));
    }
}
