package dev.postern.control;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuerAccount;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.operate.CertificateOperations;
import dev.postern.certificate.operate.CertificateOperations.Dueness;
import dev.postern.certificate.operate.CertificateOperations.NoSuchSite;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.Store;
import dev.postern.config.CertificateSource;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Where each command meets the operation that does it: behind the socket of a daemon, and where none runs. */
public final class CertificateControl implements ControlCommands {
    private final CertificateOperations operations;
    private final ControlledSites sites;
    private final CertificateTable table;
    private final InstantSource clock;
    private final ImportCommands imports;
    private final SiteByStep steps;

    /**
     * @param sites those there are now
     * @param store the one that {@code operations} work on
     * @param table what handshakes are served from
     * @param threads grows with its tasks; up to four for each command
     */
    public CertificateControl(
            CertificateOperations operations,
            Supplier<List<Site>> sites,
            Store store,
            CertificateTable table,
            InstantSource clock,
            ExecutorService threads) {
        this.operations = operations;
        this.sites = new ControlledSites(sites);
        this.table = table;
        this.clock = clock;
        this.imports = new ImportCommands(operations::adopt, this.sites, store, clock);
        this.steps = new SiteByStep(threads);
    }

    @Override
    public JsonObject run(JsonObject request, Consumer<String> progress) throws ControlFailure, InterruptedException {
        String command = ControlRequest.text(request, "command", "");
        try {
            return switch (command) {
                case "list" -> list();
                case "issue" -> issue(request, progress);
                case "renew" -> renew(request, progress);
                case "plan" -> plan();
                case "explain" -> explain(sites.find(ControlRequest.text(request, "site", "")));
                case "revoke" ->
                    revoke(site(request), ControlRequest.text(request, "serial", ""), reason(request), progress);
                case "rekey" -> rekey(site(request), progress);
                case "rollback" -> done("rolled back", operations.rollback(site(request)));
                case "import" -> imports.certificate(request);
                case "import-account" -> imports.account(request);
                case "account-show" -> accounts();
                case "account-new" -> newAccount(ControlRequest.text(request, "issuer", ""), progress);
                case "account-rollover" -> rollover(ControlRequest.text(request, "issuer", ""), progress);
                default ->
                    throw ControlFailure.usage("\"" + command + "\" is no command that this daemon knows; is it of"
                            + " another version than the command line?");
            };
        } catch (NoSuchSite e) {
            throw ControlFailure.usage(String.valueOf(e.getMessage()));
        } catch (IssueFailure e) {
            throw ControlFailure.no(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw ControlFailure.unavailable(DiskFailure.reason(e));
        }
    }

    private String site(JsonObject request) throws ControlFailure {
        return sites.require(ControlRequest.text(request, "site", "")).name();
    }

    // ---- what there is

    private JsonObject list() {
        JsonArray all = new JsonArray();
        operations.list().forEach(status -> all.add(CertificateJson.of(status)));
        return with("sites", all);
    }

    private boolean isServed(List<String> names) {
        Instant now = clock.instant();
        return names.stream().allMatch(name -> {
            Certificate certificate = table.find(name);
            return certificate != null && !certificate.isExpired(now);
        });
    }

    private JsonObject plan() {
        JsonArray all = new JsonArray();
        operations.plan().forEach(plan -> all.add(CertificateJson.of(plan)));
        return with("sites", all);
    }

    private JsonObject explain(Site site) throws NoSuchSite, ControlFailure {
        JsonObject json = new JsonObject();
        json.addProperty("site", site.name());
        json.add("lines", CertificateJson.texts(explained(site)));
        return json;
    }

    private List<String> explained(Site site) throws NoSuchSite, ControlFailure {
        Configuration.CertificateFiles files = site.files();
        if (files != null) {
            return List.of(site.name() + " brings its own certificate, " + files.chain()
                    + ": it is read again when the file changes, and no issuer is asked for one");
        }
        if (site.certificate() instanceof CertificateSource.OfSite of) {
            List<String> lines = new ArrayList<>();
            lines.add(site.name() + " has the certificate of the site " + of.site());
            lines.addAll(explained(sites.find(of.site())));
            return lines;
        }
        return site.isIssued()
                ? operations.explain(site.name())
                : List.of(site.name() + " is served over HTTP only: it has no certificate, and needs none");
    }

    // ---- orders

    private JsonObject issue(JsonObject request, Consumer<String> progress)
            throws ControlFailure, InterruptedException {
        List<String> named = ControlRequest.texts(request, "sites");
        boolean force = ControlRequest.flag(request, "force");
        if (force && named.isEmpty()) {
            throw ControlFailure.usage("--force orders for the sites that are named, and none is; postern cert renew"
                    + " --all is for all of them");
        }
        List<Site> wanted = named.isEmpty() ? sites.issued() : sites.require(named);
        return steps.run(wanted, site -> {
            if (!force && isServed(site.names())) {
                return SiteByStep.Step.kept("has a valid certificate for all its names; --force orders another");
            }
            progress.accept(site.name() + ": ordering a certificate");
            return SiteByStep.Step.done("issued", CertificateJson.of(operations.order(site.name(), false)));
        });
    }

    private JsonObject renew(JsonObject request, Consumer<String> progress)
            throws ControlFailure, InterruptedException {
        String one = ControlRequest.text(request, "site", "");
        boolean all = ControlRequest.flag(request, "all");
        boolean force = ControlRequest.flag(request, "force");
        List<Site> wanted = one.isEmpty() ? sites.issued() : List.of(sites.require(one));
        if (ControlRequest.flag(request, "dry-run")) {
            return steps.run(wanted, site -> {
                progress.accept(site.name() + ": rehearsing an issuance");
                List<String> lines = new ArrayList<>(operations.rehearse(site.name()));
                lines.add("without --dry-run: " + withoutDryRun(site, !one.isEmpty() || all));
                return SiteByStep.Step.rehearsed(lines);
            });
        }
        return steps.run(wanted, site -> {
            if (one.isEmpty() && !all) {
                Dueness dueness = operations.dueness(site.name());
                Instant next = dueness.nextAttempt();
                if (!dueness.isDue()) {
                    return SiteByStep.Step.kept("not due before " + TimeText.at(next));
                }
                if (!force && next.isAfter(clock.instant())) {
                    return SiteByStep.Step.waiting(
                            "due, but " + dueness.reason() + "; the next attempt is at " + TimeText.at(next)
                                    + ", and \"postern cert renew " + site.name()
                                    + "\" does not wait for our own back-off");
                }
            }
            progress.accept(site.name() + ": ordering a certificate");
            return SiteByStep.Step.done("renewed", CertificateJson.of(operations.order(site.name(), force)));
        });
    }

    private String withoutDryRun(Site site, boolean asked) throws NoSuchSite {
        Dueness dueness = operations.dueness(site.name());
        Instant next = dueness.nextAttempt();
        if (asked) {
            return "renewed now" + (dueness.isDue() ? "" : ", though not due before " + TimeText.at(next));
        }
        return !dueness.isDue()
                ? "kept, not due before " + TimeText.at(next)
                : next.isAfter(clock.instant())
                        ? "waits until " + TimeText.at(next) + ": " + dueness.reason()
                        : "renewed now";
    }

    private JsonObject revoke(String site, String serial, RevocationReason reason, Consumer<String> progress)
            throws NoSuchSite, IssueFailure, IOException, InterruptedException {
        if (!serial.isEmpty()) {
            progress.accept(site + ": revoking the certificate with serial " + serial + ": " + reason.text());
            return done("revoked the older certificate; served", operations.revokeOlder(site, serial, reason));
        }
        progress.accept(site + ": revoking its certificate: " + reason.text());
        return done("revoked and replaced", operations.revoke(site, reason));
    }

    private static RevocationReason reason(JsonObject request) throws ControlFailure {
        String text = ControlRequest.text(request, "reason", "");
        return Arrays.stream(RevocationReason.values())
                .filter(reason -> reason.text().equals(text))
                .findFirst()
                .orElseThrow(() -> ControlFailure.usage("--reason: \"" + text + "\" is no reason (known: "
                        + Arrays.stream(RevocationReason.values())
                                .map(RevocationReason::text)
                                .collect(Collectors.joining(", "))
                        + ")"));
    }

    private JsonObject rekey(String site, Consumer<String> progress)
            throws NoSuchSite, IssueFailure, IOException, InterruptedException {
        progress.accept(site + ": a new key and certificate; the old one is revoked once the new one is served");
        return done("rekeyed", operations.rekey(site));
    }

    private JsonObject done(String outcome, CertificateStatus status) {
        return SiteByStep.json(status.site(), SiteByStep.Step.done(outcome, CertificateJson.of(status)));
    }

    // ---- accounts

    private JsonObject accounts() throws InterruptedException {
        JsonArray all = new JsonArray();
        for (IssuerAccount account : operations.accounts()) {
            JsonObject json;
            try {
                json = CertificateJson.of(account.show());
            } catch (IssueFailure e) {
                json = with("error", String.valueOf(e.getMessage()));
            }
            all.add(json);
        }
        return with("accounts", all);
    }

    private JsonObject rollover(String issuer, Consumer<String> progress)
            throws ControlFailure, IssueFailure, InterruptedException {
        JsonArray rolled = new JsonArray();
        List<String> known = new ArrayList<>();
        for (IssuerAccount account : operations.accounts()) {
            known.add(account.issuer());
            // A CA that was not asked for may be out of order, and is not asked.
            if (!issuer.isEmpty() && !issuer.equals(account.issuer())) {
                continue;
            }
            IssuerAccount.State state = account.show();
            if (state.url() != null) {
                progress.accept(state.issuer() + ": giving account " + state.url() + " a new key");
                account.rollover();
                rolled.add(CertificateJson.of(account.show()));
            }
        }
        if (!issuer.isEmpty() && !known.contains(issuer)) {
            throw ControlFailure.usage("\"" + issuer + "\": no issuer with accounts (known: "
                    + (known.isEmpty() ? "none" : String.join(", ", known)) + ")");
        }
        if (rolled.isEmpty()) {
            throw ControlFailure.no(
                    issuer.isEmpty()
                            ? "there is no account at any issuer yet"
                            : issuer + ": there is no account yet; it is registered with the first order");
        }
        return with("accounts", rolled);
    }

    /** Of an issuer that is named, or the only one with accounts: nobody replaces all of them at once. */
    private JsonObject newAccount(String issuer, Consumer<String> progress)
            throws ControlFailure, IssueFailure, InterruptedException {
        List<IssuerAccount> all = operations.accounts();
        List<String> known = all.stream().map(IssuerAccount::issuer).toList();
        IssuerAccount account = all.stream()
                .filter(one -> issuer.isEmpty() ? all.size() == 1 : one.issuer().equals(issuer))
                .findFirst()
                .orElseThrow(() -> ControlFailure.usage((issuer.isEmpty()
                                ? "which issuer's account is to be replaced has to be said"
                                : "\"" + issuer + "\": no issuer with accounts")
                        + " (known: " + (known.isEmpty() ? "none" : String.join(", ", known)) + ")"));
        progress.accept(account.issuer() + ": registering another account");
        account.replace();
        JsonArray made = new JsonArray();
        made.add(CertificateJson.of(account.show()));
        return with("accounts", made);
    }

    private static JsonObject with(String key, JsonArray value) {
        JsonObject json = new JsonObject();
        json.add(key, value);
        return json;
    }

    private static JsonObject with(String key, String value) {
        JsonObject json = new JsonObject();
        json.addProperty(key, value);
        return json;
    }
}
