package dev.postern.preflight;

import dev.postern.config.ChallengeType;
import dev.postern.dns.Lookup;
import dev.postern.dns.Lookup.CaaProperty;
import dev.postern.preflight.Finding.Check;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Who may issue for a name, by its CAA records: <a href="https://datatracker.ietf.org/doc/html/rfc8659">RFC 8659</a>. */
final class CaaRules {
    /** The tags that CAs know; a critical one beside them is a refusal. */
    private static final Set<String> KNOWN =
            Set.of("issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone");

    private final Lookup lookup;

    CaaRules(Lookup lookup) {
        this.lookup = lookup;
    }

    /** An issuer, with the names CAA knows it by; none where it does not tell. */
    record Candidate(String issuer, List<String> identities) {}

    /**
     * @param name as in the site, maybe a wildcard
     * @param challenges how the site proves its names
     */
    Finding check(String name, List<ChallengeType> challenges, Candidate candidate) {
        Finding found = look(name, challenges, candidate);
        String who = "\"" + candidate.issuer() + "\"";
        // Several may be asked about the same name.
        return found.sentence().contains(who)
                ? found
                : new Finding(found.check(), name, found.verdict(), "for " + who + ": " + found.sentence());
    }

    private Finding look(String name, List<ChallengeType> challenges, Candidate candidate) {
        boolean wildcard = name.startsWith("*.");
        String bare = wildcard ? name.substring(2) : name;
        Lookup.Caa found;
        try {
            found = lookup.caa(bare);
        } catch (IOException e) {
            return Finding.warning(
                    Check.CAA,
                    name,
                    "the CAA records could not be asked for (" + e.getMessage()
                            + "); a CA that cannot either refuses; see to the name servers of " + bare);
        }
        return found.records().isEmpty()
                ? Finding.ok(Check.CAA, name, "no CAA record, every CA may issue")
                : judge(name, found.at(), wildcard, found.records(), challenges, candidate);
    }

    private static Finding judge(
            String name,
            String at,
            boolean wildcard,
            List<CaaProperty> all,
            List<ChallengeType> challenges,
            Candidate candidate) {
        String who = "\"" + candidate.issuer() + "\"";
        for (CaaProperty record : all) {
            if (record.critical() && !KNOWN.contains(tag(record))) {
                return Finding.certain(
                        Check.CAA,
                        name,
                        "the critical CAA record \"" + record.tag() + "\" at " + at
                                + " is one that no CA knows, so that none may issue; remove it or its critical flag");
            }
        }
        boolean anyWild = all.stream().anyMatch(record -> tag(record).equals("issuewild"));
        String tag = wildcard && anyWild ? "issuewild" : "issue";
        List<CaaProperty> rules =
                all.stream().filter(record -> tag(record).equals(tag)).toList();
        if (rules.isEmpty()) {
            return Finding.ok(Check.CAA, name, "the CAA records at " + at + " restrict nothing here");
        }
        String shown = String.join(
                ", ", rules.stream().map(rule -> "\"" + rule.value() + "\"").toList());
        if (candidate.identities().isEmpty()) {
            boolean none = rules.stream().allMatch(rule -> domain(rule).isEmpty());
            return none
                    ? Finding.certain(
                            Check.CAA,
                            name,
                            "CAA at " + at + " lets no CA issue (" + tag + " " + shown + ")"
                                    + toDo(name, tag, "the CA's name"))
                    : Finding.warning(
                            Check.CAA,
                            name,
                            "CAA at " + at + " allows only " + shown + ", and " + who
                                    + " does not say which name it goes by; compare with what it documents");
        }
        List<CaaProperty> ours = rules.stream()
                .filter(rule ->
                        candidate.identities().stream().anyMatch(identity -> identity.equalsIgnoreCase(domain(rule))))
                .toList();
        String wanted = String.join(" or ", candidate.identities());
        if (ours.isEmpty()) {
            return Finding.certain(
                    Check.CAA,
                    name,
                    "CAA at " + at + " allows only " + shown + " and so forbids " + who + " (expected: " + wanted + ")"
                            + toDo(name, tag, candidate.identities().get(0)));
        }
        if (ours.stream().noneMatch(rule -> allows(rule, challenges))) {
            return Finding.certain(
                    Check.CAA,
                    name,
                    "CAA at " + at + " allows " + who + " only with the validation methods of " + shown
                            + ", and the site proves its names by "
                            + String.join(
                                    ", ",
                                    challenges.stream().map(ChallengeType::text).toList())
                            + "; change one of them (RFC 8657)");
        }
        if (ours.stream().allMatch(rule -> !parameter(rule, "accounturi").isEmpty())) {
            return Finding.warning(
                    Check.CAA,
                    name,
                    "CAA at " + at + " allows " + who + " for one account only (" + shown
                            + "); it must be ours, see certs/accounts/" + candidate.issuer() + "/account.json");
        }
        return Finding.ok(Check.CAA, name, "CAA at " + at + " allows " + who);
    }

    /** The records nearest to a name decide: its own do, whatever stands above. */
    private static String toDo(String name, String tag, String identity) {
        String bare = name.startsWith("*.") ? name.substring(2) : name;
        return "; add the record: " + bare + " CAA 0 " + tag + " \"" + identity + "\", or take another issuer";
    }

    private static String tag(CaaProperty record) {
        return record.tag().toLowerCase(Locale.ROOT);
    }

    /** What stands before the parameters; empty for "nobody". */
    private static String domain(CaaProperty rule) {
        return rule.value().split(";", 2)[0].trim();
    }

    /** <a href="https://datatracker.ietf.org/doc/html/rfc8657">RFC 8657</a>; empty where it is not given. */
    private static String parameter(CaaProperty rule, String name) {
        String[] parts = rule.value().split(";", -1);
        return Arrays.stream(parts)
                .skip(1)
                .map(part -> part.split("=", 2))
                .filter(pair -> pair.length == 2 && pair[0].trim().equalsIgnoreCase(name))
                .map(pair -> pair[1].trim())
                .findFirst()
                .orElse("");
    }

    private static boolean allows(CaaProperty rule, List<ChallengeType> challenges) {
        String methods = parameter(rule, "validationmethods");
        return methods.isEmpty()
                || challenges.stream()
                        .anyMatch(type ->
                                Arrays.asList(methods.split("\\s*,\\s*", -1)).contains(type.text()));
    }
}
