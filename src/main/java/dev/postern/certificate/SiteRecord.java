package dev.postern.certificate;

import dev.postern.certificate.IssueFailure.Fault;
import dev.postern.certificate.RenewalPolicy.Decision;
import dev.postern.config.Configuration.Site;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One site that gets its certificate from an issuer: what is on disk, and what of it is known in memory. Every method is
 * called with the monitor of the record held.
 */
final class SiteRecord {
    private static final Logger LOG = LoggerFactory.getLogger(SiteRecord.class);

    private final Site site;
    private final SiteFolder folder;
    private final List<CertificateIssuer> issuers;

    private @Nullable Generation current;
    private RenewalHistory history = RenewalHistory.NONE;
    private @Nullable OrderRun run;
    private @Nullable OrderEntry order;
    private boolean published;
    private @Nullable Instant wish;

    /** @param issuers those that may certify every name of the site */
    SiteRecord(Site site, SiteFolder folder, List<CertificateIssuer> issuers) {
        this.site = site;
        this.folder = folder;
        this.issuers = List.copyOf(issuers);
    }

    String name() {
        return site.name();
    }

    Site site() {
        return site;
    }

    List<CertificateIssuer> issuers() {
        return issuers;
    }

    private List<String> issuerNames() {
        return issuers.stream().map(CertificateIssuer::name).toList();
    }

    /** Asks to be woken, unless that was asked for already: thousands of sites are looked at every minute. */
    void wakeAt(Instant when, WakeUps wakeUps) {
        if (!when.equals(wish)) {
            wish = when;
            wakeUps.at(name(), when);
        }
    }

    /** The wake-up came, maybe a little early: whatever is asked for next is asked for anew. */
    void woken() {
        wish = null;
    }

    OrderJournal journal(String issuer) {
        return folder.journal(issuer);
    }

    /** Forgets an order that is of no more use. */
    void forget(@Nullable OrderEntry done) {
        if (done != null) {
            try {
                folder.forget(done);
            } catch (IOException e) {
                LOG.warn(
                        "{}: removing order.json: {}; tried again with the next order",
                        name(),
                        CertificateStore.reason(e));
            }
        }
    }

    RenewalHistory history() {
        return history;
    }

    /** The certificate the site has, expired or not. */
    @Nullable Certificate certificate() {
        Generation generation = current;
        return generation == null ? null : generation.certificate();
    }

    @Nullable OrderRun run() {
        return run;
    }

    void run(@Nullable OrderRun next) {
        run = next;
    }

    /** Derives everything from the files; asks no network. */
    void load(Instant now) {
        try {
            folder.finishInstallation();
            current = folder.load(now).orElse(null);
            if (current != null) {
                repairCurrent(current.number());
            }
        } catch (IOException e) {
            LOG.error(
                    "{}: reading its certificates: {}; counted as none, a new one is ordered",
                    name(),
                    CertificateStore.reason(e),
                    e);
        }
        history = folder.history();
    }

    private void repairCurrent(int served) {
        try {
            folder.repairCurrent(served);
        } catch (IOException e) {
            LOG.warn("{}: {}; served all the same", name(), CertificateStore.reason(e));
        }
    }

    /** Draws when to renew, once for each generation. */
    void drawPick(RandomGenerator random) {
        Certificate certificate = certificate();
        RenewalHistory.Pick pick = history.pick();
        if (certificate != null && (pick == null || !pick.serial().equals(certificate.serialText()))) {
            pick(certificate, RenewalPolicy.pick(certificate.notBefore(), certificate.notAfter(), random));
        }
    }

    private void pick(Certificate certificate, Instant at) {
        remember(history.picked(new RenewalHistory.Pick(certificate.serialText(), at)));
    }

    /** In memory at once; on disk unless the disk refuses, which must not keep a certificate from being served. */
    void remember(RenewalHistory next) {
        history = next;
        try {
            folder.write(next);
        } catch (IOException e) {
            LOG.warn(
                    "{}: writing renewal.json: {}; a restart would forget the last attempt",
                    name(),
                    CertificateStore.reason(e));
        }
    }

    /** Whether what came is of no use beside what there is: an order of long ago, whose journal outlived it. */
    boolean isOutdone(Certificate next) {
        Certificate has = certificate();
        if (has == null) {
            return false;
        }
        boolean older = next.notBefore().isBefore(has.notBefore())
                && !next.notAfter().isAfter(has.notAfter())
                && site.names().stream().allMatch(has::covers);
        return older || next.serial().equals(has.serial());
    }

    /** @throws CertificateException where the site could not be served with what the CA sent */
    Certificate check(IssuedCertificate issued, Instant now) throws CertificateException {
        Certificate certificate = Certificate.of(name(), issued.issuer(), issued.key(), issued.chain());
        if (certificate.isExpired(now)) {
            throw new CertificateException("it is expired since " + certificate.notAfter());
        }
        if (!site.names().stream().allMatch(certificate::covers)) {
            throw new CertificateException("it is for " + String.join(", ", certificate.names()));
        }
        return certificate;
    }

    /**
     * Takes a new certificate: on disk and the order forgotten; or, where the disk refuses, in memory only and the order
     * kept, so that a restart fetches it again and {@link #save} may write it later.
     *
     * @param by the order that brought it, where its issuer keeps a journal
     */
    void install(Certificate certificate, @Nullable OrderEntry by, Instant now, RandomGenerator random) {
        current = new Generation(0, certificate);
        order = by;
        try {
            store(certificate, now);
        } catch (IOException e) {
            LOG.error(
                    "{}: writing the new certificate: {}; served from memory, written again every minute, the order is kept",
                    name(),
                    CertificateStore.reason(e));
        }
        history = RenewalHistory.NONE;
        Instant at = RenewalPolicy.pick(certificate.notBefore(), certificate.notAfter(), random);
        // By the CA's clock or ours it may be due already: one order after the other would bring the same again.
        pick(certificate, at.isAfter(now) ? at : RenewalPolicy.pick(now, certificate.notAfter(), random));
    }

    /** Writes what could not be written when it came. */
    void save(Instant now) {
        Generation generation = current;
        if (generation == null || generation.number() > 0) {
            return;
        }
        try {
            store(generation.certificate(), now);
            remember(history);
            LOG.info(
                    "{}: certificate {} is on disk now",
                    name(),
                    generation.certificate().serialText());
        } catch (IOException e) {
            LOG.debug("{}: writing the new certificate", name(), e);
        }
    }

    private void store(Certificate certificate, Instant now) throws IOException {
        current = folder.store(certificate, order, now);
        forget(order);
        order = null;
    }

    /** Which name is to get which certificate at start; counts as published from now on. */
    Map<String, Certificate> publishable(Instant now) {
        Certificate certificate = certificate();
        if (certificate == null || certificate.isExpired(now)) {
            return Map.of();
        }
        published = true;
        Map<String, Certificate> names = new HashMap<>();
        site.names().stream().filter(certificate::covers).forEach(name -> names.put(name, certificate));
        return names;
    }

    /** What is served follows the dates, also where the clock was set back. */
    void serve(CertificateTable table, Instant now) {
        Certificate certificate = certificate();
        if (certificate == null) {
            return;
        }
        boolean expired = certificate.isExpired(now);
        if (expired && published) {
            table.withdraw(site.names());
            published = false;
            LOG.error(
                    "{}: the certificate expired on {}; withdrawn, handshakes are refused until a new one is there",
                    name(),
                    certificate.notAfter());
        } else if (!expired && !published) {
            publish(table);
        }
    }

    /** Serves the certificate for those names of the site that it covers, and none for the others. */
    void publish(CertificateTable table) {
        Certificate certificate = certificate();
        if (certificate == null) {
            return;
        }
        List<String> covered = site.names().stream().filter(certificate::covers).toList();
        table.publish(covered, certificate);
        if (covered.size() < site.names().size()) {
            table.withdraw(site.names().stream()
                    .filter(name -> !covered.contains(name))
                    .toList());
        }
        published = true;
    }

    void reportInstalled(Instant now) {
        Generation generation = current;
        if (generation == null) {
            return;
        }
        Certificate certificate = generation.certificate();
        LOG.info(
                "{}: certificate {} from {}, serial {}, valid until {}; next renewal {}",
                name(),
                generation.number() == 0 ? "(not on disk yet)" : generation.number(),
                certificate.issuer(),
                certificate.serialText(),
                certificate.notAfter(),
                decide(now) instanceof Decision.Wait wait ? wait.until() : "now");
    }

    /** Remembers a failed attempt and says what failed, when it is tried again, and how long we can wait. */
    void failed(IssueFailure failure, double spread, Map<String, Instant> pauses, Instant now) {
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        remember(history.failed(new RenewalHistory.Failure(now, spread, failure.fault(), message), pauses));
        Decision decision = decide(now);
        Certificate certificate = certificate();
        boolean serves = certificate != null && !certificate.isExpired(now);
        String line = name() + ": " + (certificate == null ? "first certificate: " : "renewing: ") + message + "; "
                + blame(failure.fault()) + "; attempt " + (history.failures() + 1) + " "
                + (decision instanceof Decision.Wait wait
                        ? "in " + TimeText.of(Duration.between(now, wait.until()))
                        : "now")
                + "; "
                + (serves && certificate != null
                        ? "current certificate valid " + TimeText.of(Duration.between(now, certificate.notAfter()))
                        : "no certificate to serve");
        if (serves) {
            LOG.warn("{}", line);
        } else {
            LOG.error("{}", line);
        }
    }

    private static String blame(Fault fault) {
        return switch (fault) {
            case OURS -> "the fault is on this host";
            case NAME -> "the fault is with the name, its DNS or its reachability";
            case CA -> "the fault is with the CA or the way to it";
        };
    }

    Decision decide(Instant now) {
        return RenewalPolicy.decide(
                CertificateStatus.lifeOf(site, certificate(), history), history, issuerNames(), now);
    }

    CertificateStatus status(Instant now) {
        return CertificateStatus.of(site, certificate(), history, issuerNames(), now);
    }
}
