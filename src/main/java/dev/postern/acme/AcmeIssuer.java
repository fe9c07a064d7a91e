package dev.postern.acme;

import dev.postern.certificate.AccountFolder;
import dev.postern.certificate.CertificateIssuer;
import dev.postern.certificate.CertificateRequest;
import dev.postern.certificate.ChallengeTable;
import dev.postern.certificate.IssueFailure;
import dev.postern.certificate.IssuedCertificate;
import dev.postern.certificate.OrderJournal;
import dev.postern.config.CaFile;
import dev.postern.config.Configuration.Issuer.AcmeDirectory;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.exception.AcmeException;

/** A CA reached over ACME, with HTTP-01. */
public final class AcmeIssuer implements CertificateIssuer {
    /** For one exchange, body included; Let's Encrypt under load answers within ten seconds. */
    private static final Duration EXCHANGE_DEADLINE = Duration.ofSeconds(30);

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final AcmeDirectory issuer;
    private final AcmeAccount account;
    private final ChallengeTable challenges;
    private final InstantSource clock;
    private final HttpClient client;
    private final Duration exchangeDeadline;
    private final @Nullable Duration stepDeadline;

    /**
     * Prepares; asks no network.
     *
     * @param email told to the CA as the contact; may be null for a CA that does not insist
     * @throws IOException one line that names the {@code ca-file} and what is wrong with it
     */
    public AcmeIssuer(
            AcmeDirectory issuer,
            @Nullable String email,
            boolean agreeToTerms,
            AccountFolder account,
            ChallengeTable challenges,
            InstantSource clock)
            throws IOException {
        this(issuer, email, agreeToTerms, account, challenges, clock, EXCHANGE_DEADLINE, null);
    }

    AcmeIssuer(
            AcmeDirectory issuer,
            @Nullable String email,
            boolean agreeToTerms,
            AccountFolder account,
            ChallengeTable challenges,
            InstantSource clock,
            Duration exchangeDeadline,
            @Nullable Duration stepDeadline)
            throws IOException {
        this.issuer = issuer;
        this.account = new AcmeAccount(issuer.name(), issuer.directory(), email, agreeToTerms, account, clock);
        this.challenges = challenges;
        this.clock = clock;
        this.exchangeDeadline = exchangeDeadline;
        this.stepDeadline = stepDeadline;
        // HTTP/1.1: one request at a time gains nothing from HTTP/2, and a stalled one takes no other with it.
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(CONNECT_TIMEOUT);
        if (issuer.caFile() != null) {
            builder.sslContext(trusting(issuer.caFile()));
        }
        this.client = builder.build();
    }

    /** Trusts the CAs in {@code file} and no others. */
    private static SSLContext trusting(Path file) throws IOException {
        try {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            int count = 0;
            for (X509Certificate certificate : CaFile.read(file)) {
                trusted.setCertificateEntry("ca-" + count++, certificate);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": no such file or directory", e);
        } catch (IOException | GeneralSecurityException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String name() {
        return issuer.name();
    }

    @Override
    public boolean mayCertify(String serverName) {
        return issuer.mayCertify(serverName);
    }

    @Override
    public IssuedCertificate issue(CertificateRequest request, OrderJournal journal)
            throws IssueFailure, InterruptedException {
        CaHttp http = new CaHttp(client, exchangeDeadline, clock);
        Failures failures = new Failures(http, clock);
        String step = issuer.name();
        AtomicReference<OrderSteps> steps = new AtomicReference<>();
        try {
            // A session of its own: acme4j lets one request at a time through a session.
            Session session = new Session(issuer.directory(), new CaProvider(http));
            session.setLocale(Locale.ENGLISH);
            session.networkSettings().setTimeout(exchangeDeadline);
            Login login = account.login(session);
            try {
                return take(login, request, journal, http, failures, steps);
            } catch (AcmeException | RuntimeException e) {
                if (!Failures.is(e, "accountDoesNotExist")) {
                    throw e;
                }
                account.forget(login.getAccount().getLocation());
                return take(account.login(session), request, journal, http, failures, steps);
            }
        } catch (AcmeException | RuntimeException e) {
            if (Failures.isInterrupt(e)) {
                throw interrupted(e);
            }
            IssueFailure failure = failures.of(step, e);
            OrderSteps taken = steps.get();
            boolean early = taken == null || !taken.hasBegun();
            throw early && failures.isOfAccount(e, request.names()) ? IssueFailure.ofAccount(failure) : failure;
        } catch (IOException e) {
            throw Failures.ofDisk(step, e);
        }
    }

    private IssuedCertificate take(
            Login login,
            CertificateRequest request,
            OrderJournal journal,
            CaHttp http,
            Failures failures,
            AtomicReference<OrderSteps> taken)
            throws IssueFailure, AcmeException, IOException, InterruptedException {
        OrderSteps steps =
                new OrderSteps(issuer.name(), login, request, journal, challenges, http, failures, stepDeadline);
        taken.set(steps);
        return steps.take();
    }

    private static InterruptedException interrupted(Throwable failure) {
        InterruptedException interrupt = new InterruptedException("interrupted while asking the CA");
        interrupt.initCause(failure);
        return interrupt;
    }
}
