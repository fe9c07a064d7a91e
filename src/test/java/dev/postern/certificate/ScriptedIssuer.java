package dev.postern.certificate;

import dev.postern.testing.TestCa;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** An issuer that does what the test says, site by site; without a word it certifies. */
final class ScriptedIssuer implements CertificateIssuer {
    private final String name;
    private final TestCa ca = TestCa.create();
    private final InstantSource clock;
    private final Map<String, IssueFailure> failures = new ConcurrentHashMap<>();
    private final Map<String, CountDownLatch> stalls = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private volatile Duration life = Duration.ofDays(90);
    private volatile Duration backdate = Duration.ZERO;
    private volatile @Nullable IssuedCertificate fixed;

    ScriptedIssuer(String name, InstantSource clock) {
        this.name = name;
        this.clock = clock;
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

    void fail(String site, IssueFailure failure) {
        failures.put(site, failure);
    }

    void recover(String site) {
        failures.remove(site);
    }

    /** Hangs until the latch opens or the thread is interrupted. */
    CountDownLatch stall(String site) {
        CountDownLatch latch = new CountDownLatch(1);
        stalls.put(site, latch);
        return latch;
    }

    void always(IssuedCertificate certificate) {
        fixed = certificate;
    }

    /** The sites it was asked for, in order. */
    List<String> asked() {
        return List.copyOf(asked);
    }

    long asked(String site) {
        return asked.stream().filter(site::equals).count();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean mayCertify(String serverName) {
        return !serverName.startsWith("*");
    }

    @Override
    public IssuedCertificate issue(CertificateRequest request, OrderJournal journal)
            throws IssueFailure, InterruptedException {
        asked.add(request.site());
        CountDownLatch latch = stalls.get(request.site());
        if (latch != null) {
            latch.await();
        }
        IssueFailure failure = failures.get(request.site());
        if (failure != null) {
            throw failure;
        }
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
                    Pem.of(issued.key())));
        } catch (java.io.IOException e) {
            throw new IssueFailure(IssueFailure.Fault.OURS, "journal: " + e.getMessage(), e);
        }
        return new IssuedCertificate(name, issued.key(), issued.chain());
    }
}
