package dev.postern.config;

import dev.postern.config.Configuration.Acme;
import dev.postern.config.Configuration.Issuer;
import dev.postern.config.Configuration.Issuer.AcmeDirectory;
import dev.postern.config.Configuration.KeyType;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads {@code acme}. */
final class AcmeReader {
    static final List<String> KEYS = List.of("email", "agree-to-terms", "issuers", "key-type", "store");

    static final AcmeDirectory LETSENCRYPT =
            new AcmeDirectory("letsencrypt", URI.create("https://acme-v02.api.letsencrypt.org/directory"), null);
    static final AcmeDirectory LETSENCRYPT_STAGING = new AcmeDirectory(
            "letsencrypt-staging", URI.create("https://acme-staging-v02.api.letsencrypt.org/directory"), null);
    private static final Map<String, Issuer> KNOWN = Map.of(
            LETSENCRYPT.name(),
            LETSENCRYPT,
            LETSENCRYPT_STAGING.name(),
            LETSENCRYPT_STAGING,
            "internal",
            new Issuer.Internal());

    private static final String ISSUER =
            "letsencrypt, letsencrypt-staging, internal or {directory: URL, ca-file: FILE}";
    private static final Scalar<Issuer> ISSUER_NAME = Scalar.oneOf(KNOWN, ISSUER);
    private static final Scalar<KeyType> KEY_TYPE = Scalar.oneOf(List.of(KeyType.values()), KeyType::text);

    /** What of it was read, and whether the issuers were all understood: else conclusions from them would mislead. */
    record Outcome(Acme acme, boolean issuersUnderstood) {}

    /** A CA as the file gives it; custom ones get their names when all are known. */
    private record Listed(
            Value at,
            @Nullable Issuer known,
            @Nullable URI directory,
            @Nullable Path caFile) {}

    private AcmeReader() {}

    static Outcome read(Section acme, Problems problems) {
        int before = problems.count();
        List<Issuer> issuers = issuers(acme);
        boolean issuersUnderstood = problems.count() == before;
        Acme read = new Acme(
                acme.find("email", EmailAddress.SCALAR),
                acme.get("agree-to-terms", Scalar.BOOLEAN, false),
                issuers,
                acme.get("key-type", KEY_TYPE, KeyType.EC_P256),
                acme.get("store", FilePath.SCALAR, Path.of("certs")));
        return new Outcome(read, issuersUnderstood);
    }

    private static List<Issuer> issuers(Section acme) {
        Value value = acme.find("issuers");
        if (value == null) {
            return List.of(LETSENCRYPT);
        }
        List<Listed> all = new ArrayList<>();
        for (Value item : value.items("a list of " + ISSUER)) {
            Listed listed = listed(item);
            if (listed == null) {
                continue;
            }
            Listed first = all.stream()
                    .filter(other -> isSame(other, listed))
                    .findFirst()
                    .orElse(null);
            if (first == null) {
                all.add(listed);
            } else {
                item.problem("is the same issuer as " + first.at().path() + " (expected: each one once)");
            }
        }
        return named(all);
    }

    private static @Nullable Listed listed(Value item) {
        if (!item.isMapping()) {
            Issuer known = item.read(ISSUER_NAME);
            return known == null ? null : new Listed(item, known, null, null);
        }
        Section section = Section.of(item, List.of("directory", "ca-file"));
        URI directory = section.require("directory", DirectoryUrl.SCALAR);
        Path caFile = section.find("ca-file", FilePath.PEM_CERTIFICATES);
        return directory == null ? null : new Listed(item, null, directory, caFile);
    }

    private static boolean isSame(Listed a, Listed b) {
        return a.known() != null
                ? a.known().equals(b.known())
                : a.directory() != null && a.directory().equals(b.directory());
    }

    // The name is a folder that holds an account's key: it depends on nothing but the directories listed, not on
    // their order, so that no account is ever taken to another CA.
    private static List<Issuer> named(List<Listed> all) {
        Set<String> once = new HashSet<>(KNOWN.keySet());
        Set<String> twice = new HashSet<>();
        for (Listed listed : all) {
            URI directory = listed.directory();
            if (directory != null && !once.add(DirectoryUrl.hostAndPort(directory))) {
                twice.add(DirectoryUrl.hostAndPort(directory));
            }
        }
        List<Issuer> issuers = new ArrayList<>();
        for (Listed listed : all) {
            URI directory = listed.directory();
            if (listed.known() != null) {
                issuers.add(listed.known());
            } else if (directory != null) {
                String name = DirectoryUrl.hostAndPort(directory);
                String unique = twice.contains(name) ? name + "-" + DirectoryUrl.fingerprint(directory) : name;
                issuers.add(new AcmeDirectory(unique.toLowerCase(Locale.ROOT), directory, listed.caFile()));
            }
        }
        return List.copyOf(issuers);
    }
}
