package dev.postern.certificate.operate;

import dev.postern.certificate.care.CertificateStatus;
import dev.postern.certificate.care.Outlook;
import dev.postern.certificate.care.Renewals;
import dev.postern.certificate.care.SiteRecord;
import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuerAccount;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.policy.RenewalPolicy.Decision;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.pki.Certificate;
import dev.postern.time.ClockSkew;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an operator asks of {@link Renewals}: the same care, the same locks, the same limits. */
public final class SiteOperations implements CertificateOperations {
    private static final Logger LOG = LoggerFactory.getLogger(SiteOperations.class);

    private final Renewals renewals;
    private final InstantSource time;
    private final RandomGenerator random;
    private final ClockSkew skew;
    private final OrderOnDemand orders;
    private final Rehearsal rehearsal;
    private final Revocation revocation;

    /** Usable once {@code renewals} is loaded; what needs listeners, once it is started. */
    public SiteOperations(Renewals renewals) {
        Renewals.Means means = renewals.means();
        this.renewals = renewals;
        this.time = means.clocks().ca();
        this.random = means.random();
        this.skew = means.clocks().skew();
        this.orders = new OrderOnDemand(renewals, means.clocks(), means.orderDeadline());
        this.rehearsal = new Rehearsal(time, () -> renewals.remit().keyType());
        this.revocation = new Revocation(renewals, orders, time);
    }

    private SiteRecord record(String site) throws NoSuchSite {
        SiteRecord record = renewals.record(site);
        if (record == null) {
            throw new NoSuchSite("\"" + site + "\": no site of this name gets its certificate from an issuer (expected:"
                    + " the first of the names of a site in the configuration)");
        }
        return record;
    }

    private CertificateStatus status(SiteRecord record) {
        return renewals.status(record);
    }

    @Override
    public List<CertificateStatus> list() {
        return renewals.status();
    }

    @Override
    public Dueness dueness(String site) throws NoSuchSite {
        SiteRecord record = record(site);
        Instant now = time.instant();
        return record.within(its -> {
            Outlook outlook = new Outlook(its, now);
            return outlook.plan() instanceof Decision.Wait wait
                    ? new Dueness(outlook.isDue(), wait.until(), wait.reason())
                    : new Dueness(outlook.isDue(), now, "");
        });
    }

    // ---- orders

    @Override
    public CertificateStatus order(String site, boolean insists) throws NoSuchSite, IssueFailure, InterruptedException {
        SiteRecord record = record(site);
        orders.order(record, insists);
        return status(record);
    }

    @Override
    public List<String> rehearse(String site) throws NoSuchSite, IssueFailure, InterruptedException {
        return rehearsal.of(record(site));
    }

    // ---- going back

    @Override
    public CertificateStatus rollback(String site) throws NoSuchSite, IOException {
        SiteRecord record = record(site);
        record.change(its -> its.rollback(time.instant(), random));
        renewals.republish(record);
        CertificateStatus status = status(record);
        LOG.warn(
                "{}: an operator went back to the certificate before, valid until {}; nothing is renewed for {} unless"
                        + " it is urgent",
                site,
                status.notAfter(),
                TimeText.of(RenewalHistory.HOLD));
        return status;
    }

    @Override
    public int adopt(Certificate certificate, @Nullable String account) throws NoSuchSite, IOException {
        SiteRecord record = record(certificate.site());
        // An order that ends meanwhile numbers its generation before or after, never the same.
        int number = record.within(its -> its.adopt(certificate, account, time.instant()));
        renewals.republish(record);
        return number;
    }

    @Override
    public CertificateStatus reload(String site) throws NoSuchSite {
        SiteRecord record = record(site);
        renewals.reload(record);
        return status(record);
    }

    // ---- revocation

    @Override
    public CertificateStatus revoke(String site, RevocationReason reason)
            throws NoSuchSite, IssueFailure, InterruptedException {
        SiteRecord record = record(site);
        revocation.revokeAndReplace(record, reason);
        return status(record);
    }

    @Override
    public CertificateStatus revokeOlder(String site, String serial, RevocationReason reason)
            throws NoSuchSite, IssueFailure, IOException, InterruptedException {
        SiteRecord record = record(site);
        revocation.revokeOlder(record, serial, reason);
        return status(record);
    }

    @Override
    public CertificateStatus rekey(String site) throws NoSuchSite, IssueFailure, IOException, InterruptedException {
        SiteRecord record = record(site);
        revocation.rekey(record);
        return status(record);
    }

    // ---- what is going to happen

    @Override
    public List<SitePlan> plan() {
        return renewals.plans();
    }

    @Override
    public List<String> explain(String site) throws NoSuchSite {
        SiteRecord record = record(site);
        return record.within(its -> new Explanation(its, renewals.remit().issuers(), time.instant())
                .lines(renewals.watch().of(site, its.certificate()), skew.current()));
    }

    @Override
    public List<IssuerAccount> accounts() {
        return renewals.remit().issuers().stream()
                .map(CertificateIssuer::account)
                .flatMap(Optional::stream)
                .toList();
    }
}
