package dev.postern.migrate;

import com.google.gson.JsonObject;
import dev.postern.config.Configuration;
import dev.postern.config.Issuer;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.Site;
import dev.postern.control.ControlFailure;
import dev.postern.control.ControlRequest;
import dev.postern.control.ControlledSites;
import dev.postern.disk.DiskFailure;
import dev.postern.migrate.CertbotDirectory.Account;
import dev.postern.migrate.CertbotDirectory.Lineage;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What of certbot's directory is of use here, as requests to whoever holds the store: certificates for sites whose names
 * they cover, and the accounts that ordered them, so that the limits of the CA and "replaces" carry on. Reads with the
 * rights it has, and changes nothing.
 */
public final class CertbotImport {
    private final CertbotDirectory certbot;
    private final Configuration config;
    private final List<Site> sites;
    private final InstantSource clock;
    private final List<Step> steps = new ArrayList<>();
    /** Issuer → how many of the certificates that are taken each of certbot's accounts ordered. */
    private final Map<AcmeDirectory, Map<String, Integer>> orderedBy = new LinkedHashMap<>();
    /** Site → a lineage from a configured issuer that is taken for it. */
    private final Map<String, String> fromConfigured = new HashMap<>();

    /**
     * @param subject {@code certificate NAME} or {@code account ID}, as certbot calls it
     * @param request null where there is nothing to do
     * @param message why not; empty where there is a request
     */
    public record Step(String subject, @Nullable JsonObject request, String message) {}

    private CertbotImport(CertbotDirectory certbot, Configuration config, List<Site> sites, InstantSource clock) {
        this.certbot = certbot;
        this.config = config;
        this.sites = sites;
        this.clock = clock;
    }

    /**
     * @param only names of sites; empty for all
     * @throws IOException one line: the directory is not certbot's, or cannot be read at all
     */
    public static List<Step> plan(Path directory, Configuration config, List<String> only, InstantSource clock)
            throws ControlFailure, IOException {
        ControlledSites all = new ControlledSites(config.sites());
        CertbotImport plan = new CertbotImport(
                new CertbotDirectory(directory), config, only.isEmpty() ? all.issued() : all.require(only), clock);
        plan.certificates();
        for (Issuer issuer : config.acme().issuers()) {
            if (issuer instanceof AcmeDirectory acme) {
                plan.account(acme);
            }
        }
        return plan.steps;
    }

    /**
     * Those of configured issuers first. Where two of them cover a site the store keeps the one that lasts longer, and
     * says so of the other.
     */
    private void certificates() throws IOException {
        List<Lineage> others = new ArrayList<>();
        for (String name : certbot.lineages()) {
            Lineage lineage;
            try {
                lineage = certbot.lineage(name);
            } catch (IOException e) {
                steps.add(new Step("certificate " + name, null, DiskFailure.reason(e)));
                continue;
            }
            if (configured(lineage.server()).isPresent()) {
                certificates(lineage);
            } else {
                others.add(lineage);
            }
        }
        for (Lineage lineage : others) {
            if (isStaging(lineage.server())) {
                steps.add(new Step(
                        "certificate " + lineage.name(),
                        null,
                        "is from the staging directory " + lineage.server() + ": no client trusts it"));
            } else {
                certificates(lineage);
            }
        }
    }

    private boolean isStaging(String server) {
        boolean named = config.acme().issuers().stream()
                .anyMatch(issuer -> issuer instanceof AcmeDirectory acme
                        && acme.staging() != null
                        && acme.staging().toString().equals(server));
        return named || host(server).startsWith("acme-staging");
    }

    private void certificates(Lineage lineage) {
        String subject = "certificate " + lineage.name();
        String issuer = issuerOf(lineage);
        Certificate certificate;
        try {
            certificate = Certificate.ofFound(lineage.name(), issuer, lineage.key(), lineage.chain());
        } catch (CertificateException e) {
            steps.add(new Step(subject, null, String.valueOf(e.getMessage())));
            return;
        }
        if (certificate.isExpired(clock.instant())) {
            steps.add(new Step(subject, null, "expired on " + certificate.notAfter()));
            return;
        }
        List<Site> covered = sites.stream()
                .filter(site -> site.names().stream().allMatch(certificate::covers))
                .toList();
        if (covered.isEmpty()) {
            steps.add(new Step(
                    subject,
                    null,
                    "covers all names of no site (its names: " + String.join(", ", certificate.names()) + ")"));
            return;
        }
        Optional<AcmeDirectory> at = configured(lineage.server());
        String account = account(lineage);
        at.ifPresent(acme -> orderedBy
                .computeIfAbsent(acme, key -> new LinkedHashMap<>())
                .merge(lineage.account(), covered.size(), Integer::sum));
        for (Site site : covered) {
            String from = fromConfigured.get(site.name());
            if (at.isPresent()) {
                fromConfigured.putIfAbsent(site.name(), lineage.name());
            } else if (from != null) {
                steps.add(new Step(
                        subject,
                        null,
                        site.name() + ": " + issuer + " is not in acme.issuers, where " + from + " is from"));
                continue;
            }
            try {
                steps.add(new Step(
                        subject,
                        ControlRequest.of("import")
                                .with("site", site.name())
                                .with("issuer", issuer)
                                .with(
                                        "issuers",
                                        config.acme().issuers().stream()
                                                .map(Issuer::name)
                                                .toList())
                                .with("account", account)
                                .with("privkey", Pem.of(lineage.key()))
                                .with("fullchain", Pem.of(lineage.chain()))
                                .json(),
                        ""));
            } catch (CertificateException e) {
                steps.add(new Step(subject, null, String.valueOf(e.getMessage())));
            }
        }
    }

    private Optional<AcmeDirectory> configured(String server) {
        return config.acme().issuers().stream()
                .filter(AcmeDirectory.class::isInstance)
                .map(AcmeDirectory.class::cast)
                .filter(acme -> acme.directory().toString().equals(server))
                .findFirst();
    }

    /** Of an issuer that is not configured only the host is told: it is never asked. */
    private String issuerOf(Lineage lineage) {
        Optional<AcmeDirectory> known = configured(lineage.server());
        if (known.isPresent()) {
            return known.get().name();
        }
        String host = host(lineage.server());
        return host.isEmpty() ? "unknown" : host;
    }

    /** With its port; empty where it has none. */
    private static String host(String server) {
        String[] parts = server.split("/", -1);
        return parts.length > 2 ? parts[2] : "";
    }

    /** URL of the account that ordered it; empty where it cannot be read, which costs no more than "replaces". */
    private String account(Lineage lineage) {
        if (lineage.server().isEmpty() || lineage.account().isEmpty()) {
            return "";
        }
        try {
            return certbot.account(URI.create(lineage.server()), lineage.account())
                    .url();
        } catch (IOException | IllegalArgumentException e) {
            return "";
        }
    }

    /** The account that ordered most of what is taken, or the only one there is. */
    private void account(AcmeDirectory issuer) throws IOException {
        List<String> all = certbot.accounts(issuer.directory());
        if (all.isEmpty()) {
            return;
        }
        Map<String, Integer> used = orderedBy.getOrDefault(issuer, Map.of());
        String chosen = all.stream()
                .max((a, b) -> Integer.compare(used.getOrDefault(a, 0), used.getOrDefault(b, 0)))
                .orElseThrow();
        for (String id : all) {
            String subject = "account " + id;
            if (!id.equals(chosen)) {
                steps.add(new Step(
                        subject, null, issuer.name() + ": account " + chosen + " is the one that ordered more"));
                continue;
            }
            try {
                Account account = certbot.account(issuer.directory(), id);
                steps.add(new Step(
                        subject,
                        ControlRequest.of("import-account")
                                .with("issuer", issuer.name())
                                .with("key", Pem.of(account.key()))
                                .with("account", account.json().toString())
                                .json(),
                        ""));
            } catch (IOException e) {
                steps.add(new Step(subject, null, DiskFailure.reason(e)));
            }
        }
    }
}
