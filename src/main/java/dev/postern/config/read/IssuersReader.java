package dev.postern.config.read;

import dev.postern.config.ExternalAccount;
import dev.postern.config.Issuer;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.NotUnderstood;
import dev.postern.config.Quoted;
import dev.postern.config.RateLimits;
import dev.postern.config.Scalar;
import dev.postern.config.Words;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code acme.issuers}. */
final class IssuersReader {
    private static final URI LETSENCRYPT_STAGING = URI.create("https://acme-staging-v02.api.letsencrypt.org/directory");
    static final AcmeDirectory LETSENCRYPT = new AcmeDirectory(
            "letsencrypt",
            URI.create("https://acme-v02.api.letsencrypt.org/directory"),
            null,
            null,
            null,
            null,
            LETSENCRYPT_STAGING,
            RateLimits.LETSENCRYPT);

    /** Those that have a name of their own, and what they do without saying more. */
    private static final Map<String, Issuer> KNOWN = new LinkedHashMap<>();

    /** Those that register nobody without external account binding, and where it is to be had. */
    private static final Map<String, String> EAB_FROM = Map.of(
            "zerossl",
            "https://app.zerossl.com/developer makes EAB credentials",
            "google",
            "\"gcloud publicca external-account-keys create\" makes EAB credentials");

    static {
        List<AcmeDirectory> cas = List.of(
                LETSENCRYPT,
                new AcmeDirectory(
                        "letsencrypt-staging",
                        LETSENCRYPT_STAGING,
                        null,
                        null,
                        null,
                        null,
                        null,
                        RateLimits.LETSENCRYPT_STAGING),
                new AcmeDirectory("zerossl", URI.create("https://acme.zerossl.com/v2/DV90"), null),
                new AcmeDirectory("google", URI.create("https://dv.acme-v02.api.pki.goog/directory"), null));
        cas.forEach(ca -> KNOWN.put(ca.name(), ca));
        KNOWN.put("internal", new Issuer.Internal());
    }

    private static final String ISSUER =
            Words.or(KNOWN.keySet()).replace(" or internal", ", internal") + ", {ca: NAME, …} or {directory: URL, …}";
    private static final Scalar<Issuer> ISSUER_NAME = Scalar.oneOf(KNOWN, ISSUER);
    private static final Scalar<AcmeDirectory> CA_NAME = Scalar.oneOf(
            KNOWN.values().stream()
                    .filter(AcmeDirectory.class::isInstance)
                    .map(AcmeDirectory.class::cast)
                    .toList(),
            AcmeDirectory::name);
    private static final Scalar<RateLimits> LIMITS = Scalar.oneOf(
            List.of(RateLimits.values()),
            limits -> limits.name().toLowerCase(Locale.ROOT).replace('_', '-'));

    // A profile is a key of the CA's directory (https://datatracker.ietf.org/doc/draft-ietf-acme-profiles/).
    private static final Scalar<String> PROFILE = new Scalar<>("the CA's name for it, such as shortlived", text -> {
        if (!text.matches("[A-Za-z0-9._-]+")) {
            throw new NotUnderstood("");
        }
        return text;
    });
    private static final Scalar<String> COMMON_NAME = new Scalar<>("a common name such as ISRG Root X1", text -> {
        if (text.isBlank()) {
            throw new NotUnderstood("is empty");
        }
        return text;
    });
    private static final Scalar<String> KEY_ID = new Scalar<>("the key identifier that the CA gave", text -> {
        if (text.isBlank()) {
            throw new NotUnderstood("is empty");
        }
        return text;
    });

    private static final List<String> OF_ANY = List.of("ca", "directory", "eab", "profile", "preferred-chain");
    private static final List<String> OF_DIRECTORY = List.of("ca-file", "staging", "rate-limits");
    private static final List<String> KEYS = new ArrayList<>();

    static {
        KEYS.addAll(OF_ANY);
        KEYS.addAll(OF_DIRECTORY);
    }

    /** A CA as the file gives it; a directory gets its name when all are known. */
    private record Listed(Value at, Issuer issuer) {
        boolean isDirectory() {
            return issuer.name().isEmpty();
        }

        boolean isSame(Listed other) {
            if (isDirectory() && issuer instanceof AcmeDirectory mine && other.issuer instanceof AcmeDirectory theirs) {
                return other.isDirectory() && mine.directory().equals(theirs.directory());
            }
            return issuer.name().equals(other.issuer.name());
        }
    }

    private IssuersReader() {}

    static List<Issuer> read(@Nullable Value value) {
        if (value == null) {
            return List.of(LETSENCRYPT);
        }
        List<Listed> all = new ArrayList<>();
        for (Value item : value.items("a list of " + ISSUER)) {
            Issuer issuer = item.isMapping() ? mapping(item) : named(item);
            if (issuer == null) {
                continue;
            }
            Listed listed = new Listed(item, issuer);
            Listed first = all.stream()
                    .filter(other -> other.isSame(listed))
                    .findFirst()
                    .orElse(null);
            if (first == null) {
                all.add(listed);
            } else {
                item.problem("is the same issuer as " + first.at().path() + " (expected: each one once)");
            }
        }
        return withNames(all);
    }

    private static @Nullable Issuer named(Value item) {
        Issuer known = item.read(ISSUER_NAME);
        if (known != null) {
            checkEab(item, known.name(), false);
        }
        return known;
    }

    private static void checkEab(Value at, String name, boolean given) {
        String from = EAB_FROM.get(name);
        if (from != null && !given) {
            at.problem(Quoted.of(name) + " registers nobody without external account binding; " + from
                    + " (expected: { ca: " + name + ", eab: { key-id: ID, hmac-file: FILE } })");
        }
    }

    private static @Nullable AcmeDirectory mapping(Value item) {
        Section section = Section.of(item, KEYS);
        if (section.has("ca") == section.has("directory")) {
            item.problem((section.has("ca") ? "has both ca and directory" : "has neither ca nor directory")
                    + " (expected: one of them)");
        }
        Path caFile = section.find("ca-file", FilePath.PEM_CERTIFICATES);
        ExternalAccount eab = section.has("eab") ? eab(section.section("eab", List.of("key-id", "hmac-file"))) : null;
        String profile = null;
        boolean required = false;
        if (section.has("profile")) {
            Value at = section.place("profile");
            if (at.isMapping()) {
                Section own = section.section("profile", List.of("name", "require"));
                profile = own.require("name", PROFILE);
                required = own.get("require", Scalar.BOOLEAN, false);
            } else {
                profile = at.read(PROFILE);
            }
        }
        String chain = section.find("preferred-chain", COMMON_NAME);
        URI staging = section.find("staging", DirectoryUrl.SCALAR);
        boolean areKnown = section.has("ca") && !section.has("rate-limits");
        RateLimits limits = areKnown ? RateLimits.NONE : section.get("rate-limits", LIMITS, RateLimits.NONE);
        if (section.has("ca")) {
            AcmeDirectory ca = section.find("ca", CA_NAME);
            for (String key : OF_DIRECTORY) {
                if (section.has(key) && !section.has("directory")) {
                    section.place(key).problem("is for a directory; of a ca it is known (expected: no such key)");
                }
            }
            if (ca == null) {
                return null;
            }
            checkEab(item, ca.name(), section.has("eab"));
            return new AcmeDirectory(
                    ca.name(), ca.directory(), null, eab, profile, chain, ca.staging(), ca.limits(), required);
        }
        URI directory = section.find("directory", DirectoryUrl.SCALAR);
        if (directory != null && directory.equals(staging)) {
            section.place("staging").problem("is the directory itself (expected: another one, for trying things out)");
        }
        return directory == null
                ? null
                : new AcmeDirectory("", directory, caFile, eab, profile, chain, staging, limits, required);
    }

    private static @Nullable ExternalAccount eab(Section eab) {
        String keyId = eab.require("key-id", KEY_ID);
        Path hmacFile = eab.require("hmac-file", FilePath.BASE64URL_SECRET);
        return keyId == null || hmacFile == null ? null : new ExternalAccount(keyId, hmacFile);
    }

    // The name is a folder that holds an account's key: it depends on nothing but the directories listed, not on
    // their order, so that no account is ever taken to another CA.
    private static List<Issuer> withNames(List<Listed> all) {
        Set<String> once = new HashSet<>(KNOWN.keySet());
        Set<String> twice = new HashSet<>();
        for (Listed listed : all) {
            if (listed.isDirectory() && listed.issuer() instanceof AcmeDirectory acme) {
                String name = DirectoryUrl.hostAndPort(acme.directory());
                if (!once.add(name)) {
                    twice.add(name);
                }
            }
        }
        return all.stream()
                .map(listed -> listed.isDirectory() && listed.issuer() instanceof AcmeDirectory acme
                        ? withName(acme, twice)
                        : listed.issuer())
                .toList();
    }

    private static Issuer withName(AcmeDirectory acme, Set<String> twice) {
        String name = DirectoryUrl.hostAndPort(acme.directory());
        String unique = twice.contains(name) ? name + "-" + DirectoryUrl.fingerprint(acme.directory()) : name;
        return new AcmeDirectory(
                unique.toLowerCase(Locale.ROOT),
                acme.directory(),
                acme.caFile(),
                acme.eab(),
                acme.profile(),
                acme.preferredChain(),
                acme.staging(),
                acme.limits(),
                acme.profileRequired());
    }
}
