package dev.postern.certificate;

import dev.postern.config.Configuration.Site;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All sites that are configured, those whose certificate comes from an issuer and those whose operator brings it, and the
 * reading of what they have: a few before anything is served, thousands in the background meanwhile. Any thread.
 */
final class Sites {
    private static final Logger LOG = LoggerFactory.getLogger(Sites.class);

    private final List<Site> configured;
    private final Map<String, SiteRecord> issued = new LinkedHashMap<>();
    private final Map<String, CertificateFiles> brought = new LinkedHashMap<>();
    private final CertificateTable table;
    private final CaTime time;
    private final RandomGenerator random;
    private final int readAtOnce;
    private final SiteLoading loading;
    private final Consumer<SiteRecord> lookAfter;

    /**
     * @param records how to make one; reads nothing
     * @param readAtOnce so many sites are read before {@link #load} returns, or else none
     * @param lookAfter called after a site was read later, without any monitor held
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
        this.configured = List.copyOf(configured);
        this.table = table;
        this.time = time;
        this.random = random;
        this.readAtOnce = readAtOnce;
        this.loading = new SiteLoading(this::read, afterAll);
        this.lookAfter = lookAfter;
        for (Site site : configured) {
            if (site.certificate() != null) {
                brought.put(site.name(), new CertificateFiles(site, site.certificate()));
            } else {
                issued.put(site.name(), records.apply(site));
            }
        }
    }

    /** In the order of the configuration. */
    List<Site> configured() {
        return configured;
    }

    /** Those that get their certificate from an issuer. */
    Collection<SiteRecord> issued() {
        return issued.values();
    }

    /** Null where no site of this name gets its certificate from an issuer. */
    @Nullable SiteRecord issued(String site) {
        return issued.get(site);
    }

    /** The certificates that operators bring. */
    Collection<CertificateFiles> brought() {
        return brought.values();
    }

    /** Null where no operator brings the certificate of a site of this name. */
    @Nullable CertificateFiles brought(String site) {
        return brought.get(site);
    }

    /**
     * Reads the store and the files of the operator and publishes every certificate that is good now; where there are many
     * sites, handshakes wait for the reading of theirs.
     *
     * @return what is wrong with the files that the operator brought, one line each
     */
    List<String> load() {
        Instant now = time.instant();
        List<String> problems = new ArrayList<>();
        Map<String, Certificate> found = new HashMap<>();
        for (CertificateFiles files : brought.values()) {
            try {
                Certificate certificate = files.load(now);
                files.site().names().forEach(name -> found.put(name, certificate));
            } catch (IOException e) {
                problems.add(files.site().name() + ": " + e.getMessage());
            }
        }
        table.publish(configured.stream().flatMap(site -> site.names().stream()).toList(), found);
        issued.values().forEach(Sites::complainOfNoIssuer);
        if (issued.size() <= readAtOnce) {
            issued.values().parallelStream().forEach(record -> {
                synchronized (record) {
                    record.load(now);
                }
            });
            // One after the other: what is drawn for each depends on the order.
            issued.values().forEach(this::show);
        } else if (problems.isEmpty()) {
            loading.expect(issued.values());
            issued.values().forEach(record -> table.expect(record.site().names(), () -> loading.now(record)));
        }
        return problems;
    }

    private static void complainOfNoIssuer(SiteRecord record) {
        if (record.issuers().isEmpty()) {
            LOG.error(
                    "{}: no issuer may certify {}; it gets no certificate until acme.issuers names a CA that can",
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
        synchronized (record) {
            if (record.isLoaded()) {
                return;
            }
            record.load(time.instant());
            show(record);
        }
        lookAfter.accept(record);
    }

    /** Publishes what a site has now, after it was read anew. */
    void show(SiteRecord record) {
        synchronized (record) {
            record.drawPick(random);
            record.show(table, time.earliest());
        }
    }

    /** Reads no more. */
    void close() {
        loading.close();
    }
}
