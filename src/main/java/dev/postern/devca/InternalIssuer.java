package dev.postern.devca;

import dev.postern.certificate.CertificateIssuer;
import dev.postern.certificate.CertificateRequest;
import dev.postern.certificate.IssueFailure;
import dev.postern.certificate.IssueFailure.Fault;
import dev.postern.certificate.IssuedCertificate;
import dev.postern.certificate.OrderJournal;
import java.io.IOException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
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
    private final Predicate<String> names;
    private final SecureRandom random;

    /** Certifies every name. */
    public InternalIssuer(InternalCa ca, SecureRandom random) {
        this(ca, DEFAULT_VALIDITY, name -> true, random);
    }

    /** @param names which names it is for; beside a public CA those that the public CA may not certify */
    public InternalIssuer(InternalCa ca, Duration validity, Predicate<String> names, SecureRandom random) {
        this.ca = ca;
        this.validity = validity;
        this.names = names;
        this.random = random;
    }

    @Override
    public String name() {
        return "internal";
    }

    @Override
    public boolean mayCertify(String serverName) {
        return ServerName.isCertifiable(serverName) && names.test(serverName);
    }

    @Override
    public IssuedCertificate issue(CertificateRequest request, OrderJournal journal) throws IssueFailure {
        for (String name : request.names()) {
            if (!mayCertify(name)) {
                throw new IssueFailure(
                        Fault.NAME, "internal: \"" + name + "\" is neither a host name nor an IP address", null);
            }
        }
        KeyPair key = KeyPairs.generate(request.keyType(), random);
        try {
            List<X509Certificate> chain = ca.issue(key.getPublic(), request.names(), validity);
            return new IssuedCertificate(name(), key.getPrivate(), chain);
        } catch (IOException e) {
            throw new IssueFailure(Fault.OURS, "internal: " + e.getMessage(), e);
        }
    }
}
