package dev.postern.certificate.care;

import dev.postern.certificate.served.CertificateTable;
import dev.postern.config.CertificateSource;
import dev.postern.config.Configuration;
import dev.postern.config.Site;
import dev.postern.disk.DiskFailure;
import dev.postern.pki.Certificate;
import dev.postern.time.CaTime;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All sites that are configured, those whose certificate comes from an issuer and those whose operator brings it, and the
 * reading of what they have: a few before anything is served, thousands in the background meanwhile. Which sites there
 * are is one snapshot, which a reload replaces; what is known of a site that gets its certificate as before stays as it
 * is. Any thread.
 */
final class Sites {
    private static final Logger LOG = LoggerFactory.getLogger(Sites.class);

    private record All(List<Site> configured, Map<String, SiteRecord> issued, Map<String, CertificateFiles> brought) {
        /** Of sites that are to have a certificate which an operator brings for another one, and does not cover them. */
        List<String> sharingProblems() {
            List<String> problems = new ArrayList<>();
            for (Site site : configured) {
                CertificateFiles files =
                        site.certificate() instanceof CertificateSource.OfSite of ? brought.get(of.site()) : null;
                String problem = files == null ? null : files.problemOf(site);
                if (problem != null) {
                    problems.add(problem);
                }
            }
            for (CertificateFiles files : brought.values()) {
                CertificateFiles second = brought.get(Site.secondOfFiles(files.site()));
                String problem = second == null ? null : files.problemBeside(second);
                if (problem != null) {
                    problems.add(problem);
                }
            }
            return problems;
        }
    }

    private final CertificateTable table;
    private final CaTime time;
    private final RandomGenerator random;
    private final int readAtOnce;
    private final SiteLoading<SiteRecord> loading;
    private final SharedSites shared;
    private final Consumer<SiteRecord> lookAfter;
    // Replaced by one thread at a time; read by any thread.
    private volatile All all;
    private volatile @Nullable FilesAtStart atStart;

    /**
     * @param records how to make one; reads nothing
     * @param readAtOnce so many sites are read before {@link #load} returns, or else none
     * @param lookAfter called after a site was read later, outside of any
     * @param afterAll called once all that were read later are read, on the thread that read the last one
     */
    Sites(
            List<Site> configured,
            Function<Site, SiteRecord> records,
            CertificateTable table,
            CaTime time,
            RandomGenerator random,
            int readAtOnce,
            Consumer<SiteRecord> lookAfter,
            Runnable afterAll) {
        this.table = table;
        this.time = time;
        this.random = random;
        this.readAtOnce = readAtOnce;
        this.loading = new SiteLoading<>(SiteRecord::name, this::read, afterAll);
        this.shared = new SharedSites(table);
        this.lookAfter = lookAfter;
        Map<String, SiteRecord> issued = new LinkedHashMap<>();
        Map<String, CertificateFiles> brought = new LinkedHashMap<>();
        for (Site site : configured) {
            Configuration.CertificateFiles files = site.files();
            if (files != null) {
                brought.put(site.name(), new CertificateFiles(site, files));
            } else if (site.isIssued()) {
                issued.put(site.name(), records.apply(site));
            }
        }
        this.all = new All(List.copyOf(configured), issued, brought);
    }

    /** In the order of the configuration. */
    List<Site> configured() {
        return all.configured;
    }

    /** Those that get their certificate from an issuer. */
    Collection<SiteRecord> issued() {
        return all.issued.values();
    }

    /** Null where no site of this name gets its certificate from an issuer. */
    @Nullable SiteRecord issued(String site) {
        return all.issued.get(site);
    }

    /** The certificates that operators bring. */
    Collection<CertificateFiles> brought() {
        return all.brought.values();
    }

    /** Null where no operator brings the certificate of a site of this name. */
    @Nullable CertificateFiles brought(String site) {
        return all.brought.get(site);
    }

    // ---- other sites

    /** What the sites are going to be; nobody knows of those that are new yet. */
    final class Next {
        private final All before = all;
        private final Map<String, Site> configuredBefore = new HashMap<>();
        private final All after;
        private final List<SiteRecord> added = new ArrayList<>();
        private final List<CertificateFiles> addedFiles = new ArrayList<>();
        private final List<String> problems = new ArrayList<>();

        private Next(List<Site> configured, Function<Site, SiteRecord> records) {
            before.configured.forEach(site -> configuredBefore.put(site.name(), site));
            this.after = new All(List.copyOf(configured), new LinkedHashMap<>(), new LinkedHashMap<>());
            for (Site site : configured) {
                Configuration.CertificateFiles files = site.files();
                if (files != null) {
                    brought(site, new CertificateFiles(site, files));
                } else if (site.isIssued()) {
                    issued(site, records.apply(site));
                }
            }
            problems.addAll(after.sharingProblems());
        }

        private void issued(Site site, SiteRecord made) {
            SiteRecord known = before.issued.get(site.name());
            boolean stays = known != null && known.isAs(made);
            after.issued.put(site.name(), stays && known != null ? known : made);
            if (!stays) {
                added.add(made);
            }
        }

        private void brought(Site site, CertificateFiles made) {
            CertificateFiles known = before.brought.get(site.name());
            boolean stays = known != null && known.site().isCertifiedAs(site);
            after.brought.put(site.name(), stays && known != null ? known : made);
            if (!stays) {
                addedFiles.add(made);
                try {
                    var unused = made.load(time.instant());
                } catch (IOException e) {
                    problems.add(site.name() + ": " + e.getMessage());
                }
            }
        }

        /** What is wrong with the files that operators bring for sites that are new, one line each. */
        List<String> problems() {
            return List.copyOf(problems);
        }

        /** Records that stand for their sites no more, because these are gone or get their certificates in another way. */
        List<SiteRecord> retired() {
            return before.issued.values().stream()
                    .filter(record -> after.issued.get(record.name()) != record)
                    .toList();
        }

        /** Those whose certificates nobody looks after yet. */
        List<SiteRecord> added() {
            return List.copyOf(added);
        }

        /** What was seen of sites that are gone or new says nothing; for one that has its certificate nothing is installed. */
        void tell(ServedWatch watch) {
            retired().forEach(record -> watch.forget(record.name()));
            added.forEach(record -> watch.forget(record.name()));
            added.forEach(record -> watch.ask(record.subject()));
            addedFiles.forEach(files -> watch.ask(files.subject()));
        }

        /**
         * From now on these are the sites. What is new of them is read; where that is much, handshakes wait for the
         * reading of theirs.
         */
        void commit() {
            Instant now = time.instant();
            Leaving leaving = new Leaving(table, before.configured, after.configured, now);
            retired().forEach(leaving::retire);
            shared.standIns(now).forEach(leaving::add);
            before.brought.values().stream()
                    .filter(files -> after.brought.get(files.site().name()) != files)
                    .forEach(leaving::retire);
            added.forEach(record -> {
                complainOfNoIssuer(record);
                SiteRecord known = before.issued.get(record.name());
                if (known != null) {
                    record.inherit(known);
                    if (!record.isTriedAs(known)) {
                        record.change(SiteState::tryInAnotherWay);
                    }
                }
                StandIns standIns = leaving.standIns(record.site());
                record.change(its -> its.publication().standIn(standIns));
            });
            all = after;
            addedFiles.forEach(files -> files.show(table, time.earliest()));
            if (added.size() <= readAtOnce) {
                added.forEach(record -> begin(record, leaving));
            } else {
                loading.expect(added);
                added.forEach(record -> expect(record));
            }
            after.configured.stream()
                    .filter(site -> !site.isCertified())
                    .forEach(site -> table.withdraw(site.handshakeNames()));
            shared.present(after.configured, site -> needsNone(site) ? StandIns.NONE : leaving.standIns(site), now);
            table.retain(after.configured.stream()
                    .flatMap(site -> site.handshakeNames().stream())
                    .toList());
            table.retainSecond(after.configured.stream()
                    .filter(Site::isSecond)
                    .flatMap(site -> site.servedNames().stream())
                    .toList());
        }

        /** Of a site that is to present what another one does: whether it does so already. */
        private boolean needsNone(Site site) {
            Site known = configuredBefore.get(site.name());
            return known != null && known.isCertifiedAs(site) && !shared.isWaiting(site);
        }

        private void begin(SiteRecord record, Leaving leaving) {
            Instant now = time.instant();
            record.change(its -> {
                its.load(now);
                Certificate has = its.certificate();
                if (has == null || has.isExpired(now)) {
                    leaving.forAll(record.site()).ifPresent(one -> takeOver(its, one, now));
                }
                show(its);
            });
        }

        /** A site that was renamed, or split off, goes on with the certificate it had. */
        private void takeOver(SiteState state, Certificate certificate, Instant now) {
            try {
                var unused = state.adopt(certificate.forSite(state.name()), null, now);
                LOG.info(
                        "{}: goes on with the certificate {} of {}, valid until {}",
                        state.name(),
                        certificate.serialText(),
                        certificate.site(),
                        certificate.notAfter());
            } catch (IOException e) {
                LOG.warn(
                        "{}: taking over the certificate of {}: {}; one of its own is ordered",
                        state.name(),
                        certificate.site(),
                        DiskFailure.reason(e));
            }
        }
    }

    /** Reads the files of operators for sites that are new; changes nothing. */
    Next next(List<Site> configured, Function<Site, SiteRecord> records) {
        return new Next(configured, records);
    }

    // ---- what they have

    /**
     * Reads the store and the files of the operators and publishes every certificate that is good now; where there are many
     * sites, handshakes wait for the reading of theirs.
     *
     * @param executor where files are read meanwhile
     * @return done once all files that operators bring are read, with what is wrong with them, one line each
     */
    CompletableFuture<List<String>> load(Executor executor) {
        Instant now = time.instant();
        table.withdraw(configured().stream()
                .flatMap(site -> site.handshakeNames().stream())
                .toList());
        FilesAtStart files = new FilesAtStart(brought(), table, time);
        atStart = files;
        CompletableFuture<List<String>> read = brought().size() <= readAtOnce ? files.now() : files.meanwhile(executor);
        shared.present(configured(), site -> StandIns.NONE, now);
        issued().forEach(Sites::complainOfNoIssuer);
        if (issued().size() <= readAtOnce) {
            issued().parallelStream().forEach(record -> record.change(its -> its.load(now)));
            // One after the other: what is drawn for each depends on the order.
            issued().forEach(this::show);
        } else {
            loading.expect(issued());
            issued().forEach(this::expect);
        }
        All of = all;
        return read.thenApply(problems ->
                Stream.concat(problems.stream(), of.sharingProblems().stream()).toList());
    }

    /** What stands in for the certificates of other sites follows these, and the dates. */
    void followShared() {
        shared.follow(time.earliest());
    }

    private void expect(SiteRecord record) {
        table.of(record.site()).expect(record.site().servedNames(), () -> loading.now(record));
    }

    private static void complainOfNoIssuer(SiteRecord record) {
        if (record.issuers().isEmpty()) {
            LOG.error(
                    "{}: no issuer may certify {}; it gets no certificate until acme.issuers names a CA that can (internal is one), or"
                            + " its operator brings one; plain: true serves it over HTTP only",
                    record.name(),
                    String.join(", ", record.site().names()));
        }
    }

    /** Begins to read what is not read yet, on as many threads as there are processors; returns at once. */
    void readRest(Executor executor) {
        loading.begin(executor, Runtime.getRuntime().availableProcessors());
    }

    /** Whether nothing is left to be read, but for what met a bug. */
    boolean areRead() {
        return loading.isOver();
    }

    /** Reads a site from the store, where that was not done yet, and publishes what it has. Waits for the disk. */
    void read(SiteRecord record) {
        boolean first = record.within(its -> {
            if (its.isLoaded()) {
                return false;
            }
            its.load(time.instant());
            show(its);
            return true;
        });
        if (first) {
            lookAfter.accept(record);
        }
    }

    /** Publishes what a site has now, after it was read anew. */
    void show(SiteRecord record) {
        record.change(this::show);
    }

    private void show(SiteState state) {
        state.drawPick(random);
        state.show(table, time.earliest());
    }

    /** Reads no more. */
    void close() {
        loading.close();
        FilesAtStart files = atStart;
        if (files != null) {
            files.close();
        }
    }
}
