package dev.postern.certificate;

import dev.postern.certificate.IssueFailure.Fault;
import dev.postern.certificate.RenewalPolicy.Decision;
import dev.postern.config.Configuration.KeyType;
import dev.postern.config.Configuration.Site;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides and acts for the certificates of all sites: the one path for the first certificate and for each renewal.
 *
 * <p>{@link #load} fills the table from the store without asking any network; {@link #start} begins to look after what
 * is due. After that each {@link #wake} and each {@link #sweep} looks at the files and the time anew, so that one that
 * is late, lost or doubled does no harm. Safe for several threads; orders run on the executor that was given.
 */
public final class Renewals implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Renewals.class);

    /** An order that has not ended by then never will. */
    private static final Duration ORDER_DEADLINE = Duration.ofMinutes(15);

    /** How long {@link #close} waits for interrupted orders. */
    private static final Duration GRACE = Duration.ofSeconds(5);

    private final KeyType keyType;
    private final CertificateTable table;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final ExecutorService orders;
    private final Duration orderDeadline;
    private final List<Site> sites;
    private final Map<String, SiteRecord> issued = new LinkedHashMap<>();
    private final Map<String, CertificateFiles> brought = new LinkedHashMap<>();
    private final OrderQueue queue = new OrderQueue();
    private final Object randomLock = new Object();

    // Null until start, and from close on; read by any thread.
    private volatile @Nullable WakeUps wakeUps;

    /**
     * Prepares; reads nothing yet.
     *
     * @param issuers in order of preference
     * @param orders runs orders; at most four at once. The caller shuts it down after {@link #close}
     */
    public Renewals(
            List<Site> sites,
            KeyType keyType,
            CertificateStore store,
            CertificateTable table,
            List<CertificateIssuer> issuers,
            InstantSource clock,
            RandomGenerator random,
            ExecutorService orders) {
        this(sites, keyType, store, table, issuers, clock, random, orders, ORDER_DEADLINE);
    }

    Renewals(
            List<Site> sites,
            KeyType keyType,
            CertificateStore store,
            CertificateTable table,
            List<CertificateIssuer> issuers,
            InstantSource clock,
            RandomGenerator random,
            ExecutorService orders,
            Duration orderDeadline) {
        this.sites = List.copyOf(sites);
        this.keyType = keyType;
        this.table = table;
        this.clock = clock;
        this.random = random;
        this.orders = orders;
        this.orderDeadline = orderDeadline;
        for (Site site : sites) {
            if (site.certificate() != null) {
                brought.put(site.name(), new CertificateFiles(site, site.certificate()));
            } else {
                List<CertificateIssuer> able = issuers.stream()
                        .filter(issuer -> site.names().stream().allMatch(issuer::mayCertify))
                        .toList();
                issued.put(site.name(), new SiteRecord(site, store.site(site.name()), able));
            }
        }
    }

    /**
     * Reads the store and the files of the operator and publishes every certificate that is good now.
     *
     * @return what is wrong with the files that the operator brought, one line each; at the start of the daemon a reason
     *     not to start
     */
    public List<String> load() {
        Instant now = clock.instant();
        List<String> problems = new ArrayList<>();
        Map<String, Certificate> found = new HashMap<>();
        issued.values().parallelStream().forEach(record -> {
            synchronized (record) {
                record.load(now);
            }
        });
        for (SiteRecord record : issued.values()) {
            synchronized (record) {
                synchronized (randomLock) {
                    record.drawPick(random);
                }
                found.putAll(record.publishable(now));
            }
            if (record.issuers().isEmpty()) {
                LOG.error(
                        "{}: no issuer may certify {}; it gets no certificate until acme.issuers names a CA that can",
                        record.name(),
                        String.join(", ", record.site().names()));
            }
        }
        for (CertificateFiles files : brought.values()) {
            try {
                Certificate certificate = files.load(now);
                files.site().names().forEach(name -> found.put(name, certificate));
            } catch (IOException e) {
                problems.add(files.site().name() + ": " + e.getMessage());
            }
        }
        table.publish(sites.stream().flatMap(site -> site.names().stream()).toList(), found);
        return problems;
    }

    /** From now on does what is due, and asks {@code wakeUps} to be called when more is. */
    public void start(WakeUps wakeUps) {
        this.wakeUps = wakeUps;
        sweep();
    }

    /** Looks after one site; does nothing for a name that is none. */
    public void wake(String site) {
        SiteRecord record = issued.get(site);
        if (record != null) {
            synchronized (record) {
                record.woken();
            }
            lookAfter(record);
            pump();
        }
        CertificateFiles files = brought.get(site);
        if (files != null) {
            lookAfter(files);
        }
    }

    /** Looks after all sites; what goes wrong with one is no reason to leave out the others. */
    public void sweep() {
        giveUpOverdueOrders();
        issued.forEach((name, record) -> guarded(name, () -> lookAfter(record)));
        brought.forEach((name, files) -> guarded(name, () -> lookAfter(files)));
        pump();
    }

    private static void guarded(String site, Runnable care) {
        try {
            care.run();
        } catch (RuntimeException e) {
            LOG.error("{}: a bug while looking after it: {}; done again with the next sweep", site, e.toString(), e);
        }
    }

    /** The clock was set: what was asked of the {@link WakeUps} went by another time, and is asked for anew. */
    public void clockWasSet() {
        for (SiteRecord record : issued.values()) {
            synchronized (record) {
                record.woken();
            }
        }
        sweep();
    }

    /** What there is, site by site, in the order of the configuration. */
    public List<CertificateStatus> status() {
        Instant now = clock.instant();
        List<CertificateStatus> all = new ArrayList<>();
        for (Site site : sites) {
            SiteRecord record = issued.get(site.name());
            CertificateFiles files = brought.get(site.name());
            if (record != null) {
                synchronized (record) {
                    all.add(record.status(now));
                }
            } else if (files != null) {
                all.add(files.status(now));
            }
        }
        return all;
    }

    private void lookAfter(CertificateFiles files) {
        WakeUps clockwork = wakeUps;
        if (clockwork == null) {
            return;
        }
        Instant now = clock.instant();
        files.serve(table, now);
        clockwork.at(files.site().name(), now.plus(CertificateFiles.LOOK));
    }

    private void lookAfter(SiteRecord record) {
        WakeUps clockwork = wakeUps;
        if (clockwork == null) {
            return;
        }
        Instant now = clock.instant();
        boolean due;
        boolean anyIssuer;
        Certificate certificate;
        synchronized (record) {
            record.save(now);
            certificate = record.certificate();
            record.serve(table, now);
            if (record.run() != null || record.issuers().isEmpty()) {
                if (certificate != null && certificate.notAfter().isAfter(now)) {
                    record.wakeAt(certificate.notAfter(), clockwork);
                }
                return;
            }
            Decision decision = record.decide(now);
            due = !(decision instanceof Decision.Wait);
            anyIssuer = certificate == null || decision instanceof Decision.Emergency;
            LOG.debug("{}: {}", record.name(), decision);
            if (decision instanceof Decision.Wait wait) {
                boolean endsFirst = certificate != null
                        && certificate.notAfter().isAfter(now)
                        && certificate.notAfter().isBefore(wait.until());
                record.wakeAt(endsFirst && certificate != null ? certificate.notAfter() : wait.until(), clockwork);
            }
        }
        if (due) {
            queue.offer(record, certificate, anyIssuer);
        }
    }

    /** Begins as many orders as may be begun. */
    private void pump() {
        while (true) {
            WakeUps clockwork = wakeUps;
            if (clockwork == null) {
                return;
            }
            Instant now = clock.instant();
            OrderQueue.Next next = queue.next(now);
            if (next instanceof OrderQueue.Next.Start start) {
                begin(start.record(), now);
            } else {
                if (next instanceof OrderQueue.Next.Later later) {
                    synchronized (later.record()) {
                        later.record().wakeAt(later.at(), clockwork);
                    }
                }
                return;
            }
        }
    }

    private void begin(SiteRecord record, Instant now) {
        OrderRun run = null;
        synchronized (record) {
            Decision decision = record.decide(now);
            if (record.run() == null && !(decision instanceof Decision.Wait)) {
                LOG.info("{}: ordering a certificate: {}", record.name(), decision.reason());
                boolean emergency = decision instanceof Decision.Emergency;
                run = new OrderRun(
                        this, record, keyType, emergency, record.certificate() == null, record.history(), now);
                record.run(run);
            }
        }
        queue.began(run);
        if (run == null) {
            return;
        }
        try {
            run.future(orders.submit(run));
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: not begun, shutting down", record.name(), e);
            wakeUps = null;
            ended(run);
        }
    }

    OrderQueue queue() {
        return queue;
    }

    /** A certificate came; called on the thread of the order. */
    void issued(OrderRun run, IssuedCertificate result, @Nullable OrderEntry order) {
        SiteRecord record = run.record();
        Instant now = clock.instant();
        Certificate certificate;
        try {
            certificate = record.check(result, now);
        } catch (CertificateException e) {
            record.forget(order);
            String message = result.issuer() + " sent a certificate that is not used: " + e.getMessage();
            failed(run, new IssueFailure(Fault.CA, message, e), Map.of());
            return;
        }
        synchronized (record) {
            Certificate before = record.certificate();
            if (record.isOutdone(certificate)) {
                // An order that was installed before, or is older than what was; the journal outlived it.
                record.forget(order);
                String message = "the order gave the certificate that is installed already, or an older one;"
                        + " a new one is made";
                failed(run, new IssueFailure(Fault.OURS, message, null), Map.of());
                return;
            }
            if (run.isAbandoned() && before != null && !certificate.notAfter().isAfter(before.notAfter())) {
                return;
            }
            synchronized (randomLock) {
                record.install(certificate, order, now, random);
            }
            record.publish(table);
            record.reportInstalled(now);
        }
    }

    /** No certificate came; called on the thread of the order, or by whoever gave it up. */
    void failed(OrderRun run, IssueFailure failure, Map<String, Instant> pauses) {
        SiteRecord record = run.record();
        Instant now = clock.instant();
        synchronized (record) {
            if (record.run() != run) {
                return;
            }
            double spread;
            synchronized (randomLock) {
                spread = RenewalPolicy.spread(random);
            }
            record.failed(failure, spread, pauses, now);
        }
    }

    /** The attempt is over, well or not; called on its thread. */
    void ended(OrderRun run) {
        SiteRecord record = run.record();
        synchronized (record) {
            if (record.run() == run) {
                record.run(null);
            }
        }
        queue.ended(run);
        lookAfter(record);
        pump();
    }

    private void giveUpOverdueOrders() {
        for (OrderRun run : queue.running()) {
            if (run.elapsedNanos() > orderDeadline.toNanos()) {
                String message = "no result after " + TimeText.of(orderDeadline) + "; this attempt is given up";
                // Counted before it is interrupted: its thread may report its end at once, and then nobody counts it.
                failed(run, new IssueFailure(Fault.CA, message, null), Map.of());
                run.abandon();
                ended(run);
            }
        }
    }

    /** Begins nothing more and interrupts what is in flight: the journals stay, the next start resumes the orders. */
    @Override
    public void close() {
        wakeUps = null;
        for (OrderRun run : queue.running()) {
            if (run.abandon()) {
                ended(run);
            }
        }
        try {
            queue.awaitIdle(GRACE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
