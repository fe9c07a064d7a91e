package dev.postern.certificate.care;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.policy.RenewalHistory;
import dev.postern.certificate.policy.SitePlan;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.served.ServedCertificates;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.KeyType;
import dev.postern.config.Site;
import dev.postern.pki.Certificate;
import dev.postern.testing.Care;
import dev.postern.testing.HandClock;
import dev.postern.testing.QueuedExecutor;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** The real care of certificates, on the thread of the test: nothing happens but in {@link #step}. */
final class SteppedCare implements AutoCloseable {
    final HandClock clock;
    final Elapsed elapsed = new Elapsed();
    final Clocks clocks;
    CertificateTable table = new CertificateTable();
    RecordedWakeUps wakeUps = new RecordedWakeUps();
    private final Path root;
    private final List<CertificateIssuer> issuers;
    private final List<Site> sites;
    private QueuedExecutor executor = new QueuedExecutor();
    private @Nullable Store store;
    private @Nullable Renewals renewals;

    /** Moved by hand, and by whoever waits. */
    static final class Elapsed implements MonotonicClock {
        private long nanos;

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public void await(Duration wait) {
            nanos += wait.toNanos();
        }
    }

    private ServedCertificates served = Care.NOTHING_SERVED;

    SteppedCare(Path root, HandClock clock, List<CertificateIssuer> issuers, List<Site> sites) {
        this.root = root;
        this.clock = clock;
        this.clocks = new Clocks(clock, elapsed);
        this.issuers = issuers;
        this.sites = sites;
    }

    static Site site(String... names) {
        return new Site(List.of(names), List.of(), null);
    }

    /** Begins, or begins anew with nothing but what is on disk. */
    SteppedCare start() throws Exception {
        return start(renewals -> {});
    }

    /** Something to be done once the store is loaded. */
    interface Preparation {
        void prepare(Renewals renewals) throws Exception;
    }

    SteppedCare start(Preparation preparation) throws Exception {
        close();
        clocks.skew().forget();
        executor = new QueuedExecutor();
        table = new CertificateTable();
        wakeUps = new RecordedWakeUps();
        store = FileStore.open(root);
        Renewals.Surroundings plain = Care.surroundings(store, table, clock, executor);
        renewals = new Renewals(
                sites,
                KeyType.EC_P256,
                issuers,
                new Renewals.Surroundings(
                        store,
                        table,
                        plain.solvers(),
                        clocks,
                        new SplittableRandom(5),
                        executor,
                        CertificateEvents.NONE));
        if (!renewals.load().join().isEmpty()) {
            throw new IllegalStateException("the store cannot be loaded");
        }
        preparation.prepare(renewals);
        renewals.start(wakeUps, served);
        executor.runAll();
        return this;
    }

    /** From the next start on there is a listener, at which clients are shown what the table says. */
    SteppedCare listening() {
        served = this::shown;
        return this;
    }

    private X509Certificate shown(String name) throws IOException {
        Certificate certificate = table.find(name);
        if (certificate == null) {
            throw new IOException("unrecognized_name");
        }
        return certificate.leaf();
    }

    Renewals renewals() {
        if (renewals == null) {
            throw new IllegalStateException("not started");
        }
        return renewals;
    }

    Store store() {
        if (store == null) {
            throw new IllegalStateException("not started");
        }
        return store;
    }

    /** A sweep, and all that comes of it; says how many tasks that were. */
    int step() {
        renewals().sweep();
        return executor.runAll();
    }

    void stepAt(Instant instant) {
        clock.set(instant);
        step();
    }

    /** Sweeps at these intervals until {@code end}. */
    void run(Instant end, Duration interval) {
        while (clock.instant().isBefore(end)) {
            clock.advance(interval);
            elapsed.await(interval);
            step();
        }
    }

    RenewalHistory history(String site) {
        return store().site(site).history();
    }

    SitePlan plan(String site) {
        return renewals().plans().stream()
                .filter(plan -> plan.site().equals(site))
                .findFirst()
                .orElseThrow();
    }

    QueuedExecutor executor() {
        return executor;
    }

    @Override
    public void close() {
        if (renewals != null) {
            renewals.close();
            renewals = null;
        }
        if (store != null) {
            store.close();
            store = null;
        }
    }
}
