package dev.postern.acme;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.IssuerAccount;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.RateLimits;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.pki.Keys;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeServerException;

/** A CA reached over ACME. */
public final class AcmeIssuer implements CertificateIssuer {
    private static final String STAGING = "-staging";

    private final AcmeDirectory issuer;
    private final Conversation.Terms terms;
    private final AcmeAccount account;
    private final RenewalWindows windows;
    private final @Nullable AcmeIssuer staging;

    /**
     * Prepares; asks no network.
     *
     * @param staging where to rehearse; null where the CA has no such directory
     * @param transport how it is reached
     */
    AcmeIssuer(AcmeDirectory issuer, @Nullable AcmeIssuer staging, Customer customer, CaTransport transport) {
        this.issuer = issuer;
        this.terms = new Conversation.Terms(
                issuer.name(), issuer.directory(), transport, customer.exchange(), customer.step(), customer.clocks());
        this.account = new AcmeAccount(issuer, customer);
        this.windows = new RenewalWindows(customer.clocks().elapsed());
        this.staging = staging;
    }

    /** An issuer like any other, with an account of its own; letsencrypt's is the one that the configuration knows, too. */
    static Optional<AcmeDirectory> staging(AcmeDirectory issuer) {
        return Optional.ofNullable(issuer.staging())
                .map(directory -> new AcmeDirectory(
                        issuer.name() + STAGING,
                        directory,
                        issuer.caFile(),
                        null,
                        issuer.profile(),
                        null,
                        null,
                        issuer.limits() == RateLimits.LETSENCRYPT ? RateLimits.LETSENCRYPT_STAGING : RateLimits.NONE,
                        issuer.profileRequired()));
    }

    @Override
    public String name() {
        return issuer.name();
    }

    @Override
    public RateLimits limits() {
        return issuer.limits();
    }

    @Override
    public boolean mayCertify(Site site) {
        return site.names().stream().allMatch(name -> issuer.mayCertify(name, site.challenges()));
    }

    @Override
    public Optional<CertificateIssuer> staging() {
        return Optional.ofNullable(staging);
    }

    @Override
    public IssuedCertificate issue(CertificateRequest request, OrderJournal journal)
            throws IssueFailure, InterruptedException {
        return ordering(request, journal, OrderSteps::take);
    }

    @Override
    public void prove(CertificateRequest request, OrderJournal journal) throws IssueFailure, InterruptedException {
        var unused = ordering(request, journal, steps -> {
            steps.proveOnly();
            return true;
        });
    }

    private <T> T ordering(CertificateRequest request, OrderJournal journal, Taking<T> taking)
            throws IssueFailure, InterruptedException {
        Conversation conversation = terms.open();
        AtomicReference<OrderSteps> steps = new AtomicReference<>();
        account.use().beginOrder();
        try {
            return conversation.failingAs(
                    issuer.name(),
                    () -> steps.get() == null || !steps.get().hasBegun() ? request.names() : List.of(),
                    () -> withLogin(conversation, request, journal, steps, taking));
        } finally {
            account.use().endOrder();
        }
    }

    private <T> T withLogin(
            Conversation conversation,
            CertificateRequest request,
            OrderJournal journal,
            AtomicReference<OrderSteps> taken,
            Taking<T> taking)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        Login login = account.login(conversation.session());
        try {
            return take(conversation, login, request, journal, taken, taking);
        } catch (AcmeException | RuntimeException e) {
            if (!Failures.is(e, Refusal.ACCOUNT_DOES_NOT_EXIST)) {
                throw e;
            }
            account.forget(login.getAccountLocation());
            return take(conversation, account.login(conversation.session()), request, journal, taken, taking);
        }
    }

    /** What is done with an order. */
    private interface Taking<T> {
        T take(OrderSteps steps) throws IssueFailure, AcmeException, IOException, InterruptedException;
    }

    private <T> T take(
            Conversation conversation,
            Login login,
            CertificateRequest request,
            OrderJournal journal,
            AtomicReference<OrderSteps> taken,
            Taking<T> taking)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        OrderSteps steps = new OrderSteps(issuer, login, request, journal, conversation);
        taken.set(steps);
        return taking.take(steps);
    }

    @Override
    public Optional<SuggestedWindow> suggestedWindow(Certificate certificate)
            throws IssueFailure, InterruptedException {
        Conversation conversation = terms.open();
        try {
            return conversation.failingAs(
                    issuer.name() + ": renewal information of " + certificate.serialText(),
                    List::of,
                    () -> windows.of(certificate.leaf(), conversation));
        } catch (IssueFailure e) {
            // The question is made from the CA's own certificate and needs neither an account nor a disk: whatever is
            // wrong with it, nobody can mend it here.
            throw e.fault() == Fault.CA
                    ? e
                    : new IssueFailure(
                            Fault.CA,
                            String.valueOf(e.getMessage()),
                            e.retryAfter().orElse(null),
                            e);
        }
    }

    @Override
    public boolean revokes() {
        return true;
    }

    @Override
    public void revoke(Certificate certificate, RevocationReason reason) throws IssueFailure, InterruptedException {
        Conversation conversation = terms.open();
        var unused = conversation.failingAs(issuer.name() + ": revoking " + certificate.serialText(), List::of, () -> {
            revoke(conversation, certificate, reason);
            return true;
        });
    }

    private static void revoke(Conversation conversation, Certificate certificate, RevocationReason reason)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        KeyPair key;
        try {
            key = Keys.pairOf(certificate.key());
        } catch (GeneralSecurityException e) {
            throw Conversation.badKey(certificate.site(), e);
        }
        try {
            var unused = conversation.patiently(() -> {
                org.shredzone.acme4j.Certificate.revoke(
                        conversation.session(),
                        key,
                        certificate.leaf(),
                        org.shredzone.acme4j.RevocationReason.code(reason.code()));
                return true;
            });
        } catch (AcmeServerException e) {
            if (!Failures.is(e, Refusal.ALREADY_REVOKED)) {
                throw e;
            }
        }
    }

    @Override
    public Optional<IssuerAccount> account() {
        return Optional.of(new IssuerAccount() {
            @Override
            public String issuer() {
                return issuer.name();
            }

            @Override
            public State show() throws IssueFailure, InterruptedException {
                Conversation conversation = terms.open();
                return conversation.failingAs(
                        issuer.name() + ": account", List::of, () -> account.show(conversation.session()));
            }

            @Override
            public void rollover() throws IssueFailure, InterruptedException {
                Conversation conversation = terms.open();
                var unused = conversation.failingAs(issuer.name() + ": new account key", List::of, () -> {
                    account.rollover(conversation.session());
                    return true;
                });
            }

            @Override
            public void replace() throws IssueFailure, InterruptedException {
                Conversation conversation = terms.open();
                var unused = conversation.failingAs(issuer.name() + ": another account", List::of, () -> {
                    account.replace(conversation.session());
                    return true;
                });
            }
        });
    }
}
