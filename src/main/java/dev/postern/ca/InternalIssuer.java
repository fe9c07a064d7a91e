package dev.postern.ca;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.config.Site;
import dev.postern.pki.Keys;
import java.io.IOException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * {@code issuers: [internal]}: the CA inside this process. There is no order to journal: the certificate is there at
 * once or not at all.
 */
public final class InternalIssuer implements CertificateIssuer {
    /**
     * Nothing here revokes, so the life of a certificate is how long a stolen key is of use: it should be short. It is
     * renewed in the middle of its life, by nobody but ourselves; a machine that was switched off over a long weekend,
     * or a full disk that someone notices on Monday, must not end in an expired certificate. Seven days leave three and
     * a half for that.
     */
    public static final Duration DEFAULT_VALIDITY = Duration.ofDays(7);

    private final InternalCa ca;
    private final Duration validity;
    private final Predicate<Site> sites;

    /** @param sites which sites it is for; beside a public CA those that the public CA may not certify */
    public InternalIssuer(InternalCa ca, Duration validity, Predicate<Site> sites) {
        this.ca = ca;
        this.validity = validity;
        this.sites = sites;
    }

    @Override
    public String name() {
        return "internal";
    }

    /** Itself: what it signs costs nothing, counts against no limit and is logged nowhere. */
    @Override
    public Optional<CertificateIssuer> staging() {
        return Optional.of(this);
    }

    @Override
    public boolean goesByOurClock() {
        return true;
    }

    @Override
    public boolean mayCertify(Site site) {
        return site.names().stream().allMatch(ServerName::isCertifiable) && sites.test(site);
    }

    @Override
    public IssuedCertificate issue(CertificateRequest request, OrderJournal journal) throws IssueFailure {
        for (String name : request.names()) {
            if (!ServerName.isCertifiable(name)) {
                throw new IssueFailure(
                        Fault.NAME, "internal: \"" + name + "\" is neither a host name nor an IP address", null);
            }
        }
        KeyPair key = Keys.generate(request.keyType());
        try {
            List<X509Certificate> chain = ca.issue(key.getPublic(), request.names(), validity);
            return new IssuedCertificate(name(), key.getPrivate(), chain);
        } catch (IOException e) {
            throw new IssueFailure(Fault.OURS, "internal: " + e.getMessage(), e);
        }
    }
}
