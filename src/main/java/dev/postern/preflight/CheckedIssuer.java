package dev.postern.preflight;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.IssuerAccount;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.config.Issuer;
import dev.postern.config.RateLimits;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.preflight.Finding.Verdict;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An issuer that is not asked for the first certificate of a site where that would fail for certain. A site that ever had
 * a certificate is never held up: a check that errs must not let one expire.
 */
public final class CheckedIssuer implements CertificateIssuer {
    private static final Logger LOG = LoggerFactory.getLogger(CheckedIssuer.class);

    private final CertificateIssuer issuer;
    private final Issuer configured;
    private final Preflight preflight;
    private final Predicate<String> everHadCertificate;
    private final Function<String, @Nullable Site> sites;
    private final Executor background;

    /**
     * @param everHadCertificate by name of the site
     * @param sites by name
     * @param background where our own answer is fetched back, which takes long and decides nothing
     */
    public CheckedIssuer(
            CertificateIssuer issuer,
            Issuer configured,
            Preflight preflight,
            Predicate<String> everHadCertificate,
            Function<String, @Nullable Site> sites,
            Executor background) {
        this.issuer = issuer;
        this.configured = configured;
        this.preflight = preflight;
        this.everHadCertificate = everHadCertificate;
        this.sites = sites;
        this.background = background;
    }

    @Override
    public IssuedCertificate issue(CertificateRequest request, OrderJournal journal)
            throws IssueFailure, InterruptedException {
        Site site = sites.apply(request.site());
        if (site != null && !everHadCertificate.test(request.site()) && !isUnderWay(journal)) {
            check(site);
        }
        return issuer.issue(request, journal);
    }

    /** An order that the CA has taken is followed, whatever we think of it. */
    private static boolean isUnderWay(OrderJournal journal) {
        try {
            return journal.read().isPresent();
        } catch (IOException e) {
            return false;
        }
    }

    private void check(Site site) throws IssueFailure, InterruptedException {
        PreflightReport report = preflight.check(site, List.of(configured), false);
        log(report);
        if (!report.certain().isEmpty()) {
            throw new IssueFailure(
                    IssueFailure.Fault.NAME,
                    issuer.name() + ": not asked, it would refuse: "
                            + report.certain().stream()
                                    .map(finding -> finding.about() + ": " + finding.sentence())
                                    .collect(Collectors.joining("; ")),
                    null);
        }
        try {
            background.execute(() -> log(preflight.reach(site)));
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: shutting down", site.name(), e);
        }
    }

    private static void log(PreflightReport report) {
        report.findings().stream()
                .filter(finding -> finding.verdict() == Verdict.WARNING || finding.verdict() == Verdict.UNKNOWN)
                .forEach(finding -> LOG.warn("preflight: {}", finding));
    }

    @Override
    public String name() {
        return issuer.name();
    }

    @Override
    public boolean mayCertify(Site site) {
        return issuer.mayCertify(site);
    }

    @Override
    public Optional<SuggestedWindow> suggestedWindow(Certificate certificate)
            throws IssueFailure, InterruptedException {
        return issuer.suggestedWindow(certificate);
    }

    @Override
    public RateLimits limits() {
        return issuer.limits();
    }

    @Override
    public Optional<CertificateIssuer> staging() {
        return issuer.staging();
    }

    @Override
    public boolean revokes() {
        return issuer.revokes();
    }

    @Override
    public void revoke(Certificate certificate, RevocationReason reason) throws IssueFailure, InterruptedException {
        issuer.revoke(certificate, reason);
    }

    @Override
    public Optional<IssuerAccount> account() {
        return issuer.account();
    }
}
