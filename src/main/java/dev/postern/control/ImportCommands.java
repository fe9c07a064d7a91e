package dev.postern.control;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.postern.certificate.care.StoredCertificates;
import dev.postern.certificate.operate.CertificateOperations;
import dev.postern.certificate.operate.CertificateOperations.NoSuchSite;
import dev.postern.certificate.store.AccountStore;
import dev.postern.certificate.store.Store;
import dev.postern.config.Site;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Takes in what another program had. The command that asks has read it with its own rights, which the daemon may not
 * have, and sends it; everything is checked here again.
 */
public final class ImportCommands {
    private final Adopt adopt;
    private final ControlledSites sites;
    private final Store store;
    private final InstantSource clock;

    /** {@link CertificateOperations#adopt}. */
    interface Adopt {
        int take(Certificate certificate, @Nullable String account) throws NoSuchSite, IOException;
    }

    ImportCommands(Adopt adopt, ControlledSites sites, Store store, InstantSource clock) {
        this.adopt = adopt;
        this.sites = sites;
        this.store = store;
        this.clock = clock;
    }

    /** Says what an import would do to a store that is only read. */
    public static ControlCommands reading(List<Site> sites, Store store, InstantSource clock) {
        Adopt nothing = (certificate, account) -> {
            throw new IOException(store.describe() + ": is only read");
        };
        ImportCommands imports = new ImportCommands(nothing, new ControlledSites(sites), store, clock);
        return (request, progress) -> {
            JsonObject asked = request.deepCopy();
            asked.addProperty("dry-run", true);
            try {
                return ControlRequest.text(asked, "command", "").equals("import-account")
                        ? imports.account(asked)
                        : imports.certificate(asked);
            } catch (IOException e) {
                throw ControlFailure.unavailable(DiskFailure.reason(e));
            } catch (NoSuchSite e) {
                throw ControlFailure.usage(String.valueOf(e.getMessage()));
            }
        };
    }

    /**
     * A certificate as a generation of {@code site}, unless the site has a better one: from a configured issuer, or else
     * one that lasts as long.
     */
    JsonObject certificate(JsonObject request) throws ControlFailure, NoSuchSite, IOException {
        Site site = sites.require(ControlRequest.text(request, "site", ""));
        Certificate certificate = parse(site, request);
        Instant now = clock.instant();
        Optional<Certificate> before = StoredCertificates.read(store, site, now);
        String better = before.isEmpty()
                ? null
                : better(site, before.get(), certificate, ControlRequest.texts(request, "issuers"), now);
        if (better != null) {
            return outcome(site.name(), "kept", better);
        }
        if (ControlRequest.flag(request, "dry-run")) {
            return outcome(site.name(), "would be imported", "valid until " + certificate.notAfter());
        }
        String account = ControlRequest.text(request, "account", "");
        int number = adopt.take(certificate, account.isEmpty() ? null : account);
        return outcome(site.name(), "imported", "generation " + number + ", valid until " + certificate.notAfter());
    }

    /**
     * Why the certificate that the site has is kept; null where it is not.
     *
     * @param issuers names of the configured ones
     */
    public static @Nullable String better(
            Site site, Certificate before, Certificate next, List<String> issuers, Instant now) {
        if (before.isExpired(now) || !site.names().stream().allMatch(before::covers)) {
            return null;
        }
        boolean known = issuers.contains(next.issuer());
        if (!known) {
            return "has a valid certificate, until " + before.notAfter() + ", which is not replaced by one from "
                    + next.issuer() + ", which is not in acme.issuers";
        }
        boolean outranked = !issuers.contains(before.issuer());
        return outranked || before.notAfter().isBefore(next.notAfter())
                ? null
                : "has a certificate that lasts as long, until " + before.notAfter();
    }

    private Certificate parse(Site site, JsonObject request) throws ControlFailure {
        try {
            Certificate certificate = Certificate.ofFound(
                    site.name(),
                    ControlRequest.text(request, "issuer", "unknown"),
                    Pem.readKey(ControlRequest.text(request, "privkey", "")),
                    Pem.readCertificates(ControlRequest.text(request, "fullchain", "")));
            List<String> missing = site.names().stream()
                    .filter(name -> !certificate.covers(name))
                    .toList();
            if (!missing.isEmpty()) {
                throw ControlFailure.no("the certificate does not cover " + String.join(", ", missing));
            }
            if (certificate.isExpired(clock.instant())) {
                throw ControlFailure.no("the certificate expired on " + certificate.notAfter());
            }
            return certificate;
        } catch (IOException | CertificateException e) {
            throw ControlFailure.no(String.valueOf(e.getMessage()));
        }
    }

    /** An account, where we have none at that issuer: the key is the account, so it is written first. */
    JsonObject account(JsonObject request) throws ControlFailure, IOException {
        String issuer = ControlRequest.text(request, "issuer", "");
        AccountStore kept = store.account(issuer);
        if (kept.readKey().isPresent()) {
            return outcome(issuer, "kept", "has an account already, in " + kept.describe());
        }
        PrivateKey key;
        JsonObject account;
        try {
            key = Pem.readKey(ControlRequest.text(request, "key", ""));
            account = JsonParser.parseString(ControlRequest.text(request, "account", ""))
                    .getAsJsonObject();
        } catch (IOException | JsonParseException | IllegalStateException e) {
            throw ControlFailure.no("account for " + issuer + ": " + e.getMessage());
        }
        if (ControlRequest.flag(request, "dry-run")) {
            return outcome(issuer, "would be imported", ControlRequest.text(account, "url", ""));
        }
        kept.writeKey(key);
        account.addProperty("imported", clock.instant().toString());
        kept.writeAccount(account);
        return outcome(issuer, "imported", ControlRequest.text(account, "url", ""));
    }

    private static JsonObject outcome(String subject, String outcome, String message) {
        JsonObject json = new JsonObject();
        json.addProperty("subject", subject);
        json.addProperty("outcome", outcome);
        json.addProperty("message", message);
        return json;
    }
}
