package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderEntry;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.issuer.RevocationReason;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.config.RateLimits;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.TestCa;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** An issuer that does what the test says, site by site; without a word it certifies. */
public final class ScriptedIssuer implements CertificateIssuer {
    private final String name;
    private final TestCa ca = TestCa.create();
    private final InstantSource clock;
    private final Map<String, IssueFailure> failures = new ConcurrentHashMap<>();
    private final Map<String, CountDownLatch> stalls = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<List<String>> tried = new CopyOnWriteArrayList<>();
    private volatile Set<String> dead = Set.of();
    private volatile Duration life = Duration.ofDays(90);
    private volatile Duration backdate = Duration.ZERO;
    private volatile @Nullable IssuedCertificate fixed;
    private volatile @Nullable ScriptedIssuer staging;
    private final List<String> revoked = new CopyOnWriteArrayList<>();
    private volatile RateLimits limits = RateLimits.NONE;
    private volatile boolean takesReplacements;
    private volatile boolean wildcards;
    private volatile @Nullable SuggestedWindow window;
    private volatile @Nullable IssueFailure deaf;
    private final List<String> questions = new CopyOnWriteArrayList<>();
    private final List<CertificateRequest> requests = new CopyOnWriteArrayList<>();

    public ScriptedIssuer(String name, InstantSource clock) {
        this.name = name;
        this.clock = clock;
    }

    /** From now on exactly these names cannot be proven, whichever site they are of. */
    public void dead(String... names) {
        dead = Set.of(names);
    }

    /** The names that it was to prove without a certificate, try by try. */
    public List<List<String>> tried() {
        return List.copyOf(tried);
    }

    private void requireAlive(List<String> names) throws IssueFailure {
        Map<String, String> blamed = new TreeMap<>();
        names.stream().filter(dead::contains).forEach(name -> blamed.put(name, name + " does not resolve"));
        if (!blamed.isEmpty()) {
            throw new IssueFailure(IssueFailure.Fault.NAME, "order 1: " + blamed.values(), null).blaming(blamed);
        }
    }

    @Override
    public void prove(CertificateRequest request, OrderJournal journal) throws IssueFailure {
        tried.add(request.names());
        IssueFailure failure = failures.get(request.site());
        if (failure != null) {
            throw failure;
        }
        requireAlive(request.names());
    }

    ScriptedIssuer life(Duration next) {
        life = next;
        return this;
    }

    /** Certificates that began so long ago: by a clock that is behind ours, or by the CA's custom. */
    ScriptedIssuer backdate(Duration by) {
        backdate = by;
        return this;
    }

    public void fail(String site, IssueFailure failure) {
        failures.put(site, failure);
    }

    public void recover(String site) {
        failures.remove(site);
    }

    /** Hangs until the latch opens or the thread is interrupted. */
    public CountDownLatch stall(String site) {
        CountDownLatch latch = new CountDownLatch(1);
        stalls.put(site, latch);
        return latch;
    }

    void always(IssuedCertificate certificate) {
        fixed = certificate;
    }

    public ScriptedIssuer staging(ScriptedIssuer directory) {
        staging = directory;
        return this;
    }

    ScriptedIssuer limits(RateLimits published) {
        limits = published;
        return this;
    }

    ScriptedIssuer takesReplacements() {
        takesReplacements = true;
        return this;
    }

    /** What it answers when it is asked when to renew; null where it has no such wishes. */
    void suggests(@Nullable SuggestedWindow answer) {
        window = answer;
        deaf = null;
    }

    void cannotBeAsked(IssueFailure failure) {
        deaf = failure;
    }

    /** The sites whose renewal it was asked about, in order. */
    List<String> questions() {
        return List.copyOf(questions);
    }

    CertificateRequest lastRequest() {
        return requests.get(requests.size() - 1);
    }

    @Override
    public Optional<CertificateIssuer> staging() {
        return Optional.ofNullable(staging);
    }

    /** Serial and reason of each certificate that it revoked. */
    public List<String> revoked() {
        return List.copyOf(revoked);
    }

    @Override
    public boolean revokes() {
        return true;
    }

    @Override
    public void revoke(Certificate certificate, RevocationReason reason) throws IssueFailure {
        IssueFailure failure = failures.get("revoke");
        if (failure != null) {
            throw failure;
        }
        revoked.add(certificate.serialText() + " " + reason.text());
    }

    @Override
    public RateLimits limits() {
        return limits;
    }

    @Override
    public Optional<SuggestedWindow> suggestedWindow(Certificate certificate) throws IssueFailure {
        questions.add(certificate.site());
        IssueFailure failure = deaf;
        if (failure != null) {
            throw failure;
        }
        return Optional.ofNullable(window);
    }

    /** What it was asked for, in order. */
    List<CertificateRequest> requests() {
        return List.copyOf(requests);
    }

    /** The sites it was asked for, in order. */
    public List<String> asked() {
        return List.copyOf(asked);
    }

    public long asked(String site) {
        return asked.stream().filter(site::equals).count();
    }

    @Override
    public String name() {
        return name;
    }

    public void certifyWildcards() {
        wildcards = true;
    }

    @Override
    public boolean mayCertify(Site site) {
        return wildcards || site.names().stream().noneMatch(name -> name.startsWith("*"));
    }

    @Override
    public IssuedCertificate issue(CertificateRequest request, OrderJournal journal)
            throws IssueFailure, InterruptedException {
        asked.add(request.site());
        requests.add(request);
        CountDownLatch latch = stalls.get(request.site());
        if (latch != null) {
            latch.await();
        }
        IssueFailure failure = failures.get(request.site());
        if (failure != null) {
            throw failure;
        }
        requireAlive(request.names());
        IssuedCertificate certificate = fixed;
        if (certificate != null) {
            return certificate;
        }
        TestCa.Issued issued = ca.issue(request.names(), clock.instant().minus(backdate), life);
        try {
            journal.write(new OrderEntry(
                    name,
                    "https://ca.example/account/1",
                    request.names(),
                    "https://ca.example/order/1",
                    Pem.of(issued.key()),
                    null));
        } catch (java.io.IOException e) {
            throw new IssueFailure(IssueFailure.Fault.OURS, "journal: " + e.getMessage(), e);
        }
        boolean replaced = takesReplacements && request.replaces() != null;
        return new IssuedCertificate(name, issued.key(), issued.chain(), null, replaced);
    }
}
