package dev.postern.certificate.care;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.postern.certificate.served.CertificateTable;
import dev.postern.certificate.store.OlderGenerations;
import dev.postern.config.CertificateSource;
import dev.postern.config.Configuration;
import dev.postern.config.RegularFile;
import dev.postern.config.Site;
import dev.postern.disk.DiskFailure;
import dev.postern.disk.DurableFiles;
import dev.postern.machine.TlsLibrary;
import dev.postern.pki.Certificate;
import dev.postern.pki.Chains;
import dev.postern.pki.Pem;
import dev.postern.pki.TlsKeys;
import dev.postern.time.TimeText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A certificate that the operator brought as files, read again when they change. Whoever replaces the two files does so
 * one after the other: until they fit each other the old certificate is served.
 */
public final class CertificateFiles {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateFiles.class);

    /** How soon a change is noticed: two calls of stat(2) each time. */
    static final Duration LOOK = Duration.ofSeconds(5);

    /** What all of them are woken by; it is no site's name. */
    static final String ALL = "files of operators";

    private static final String ISSUER = "file";

    private final Site site;
    private final Configuration.CertificateFiles files;

    @GuardedBy("this") private @Nullable Certificate current;
    // Of what was read last.
    @GuardedBy("this") private @Nullable String doubt;

    @GuardedBy("this") private @Nullable List<Version> loaded;

    @GuardedBy("this") private @Nullable List<Version> complained;

    /** Somebody reads them in a moment; until then nothing is known, and nobody else reads them. */
    @GuardedBy("this") private boolean expected;

    @GuardedBy("this") private final Publication publication;

    CertificateFiles(Site site, Configuration.CertificateFiles files) {
        this.site = site;
        this.files = files;
        this.publication = new Publication(site);
    }

    /** What tells one state of a file from another; null where there is no such file. */
    private record Version(
            Instant modified, long bytes, @Nullable Object key) {
        static @Nullable Version of(Path file) {
            try {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                return new Version(attributes.lastModifiedTime().toInstant(), attributes.size(), attributes.fileKey());
            } catch (IOException e) {
                return null;
            }
        }
    }

    /**
     * What is wrong now with the files that the operator brought, as {@link Renewals#load} finds it where they are served; one
     * line each.
     */
    public static List<String> problems(List<Site> sites, Instant now) {
        if (sites.stream().anyMatch(site -> site.files() != null)) {
            TlsLibrary.load();
        }
        List<String> problems = new ArrayList<>();
        Map<String, CertificateFiles> good = new HashMap<>();
        // Of ten thousand every processor has its part.
        List<Looked> all = sites.parallelStream()
                .flatMap(site -> Looked.at(site, now).stream())
                .toList();
        for (Looked looked : all) {
            String site = looked.files().site().name();
            if (looked.problem() == null) {
                good.put(site, looked.files());
            } else {
                problems.add(site + ": " + looked.problem());
            }
        }
        good.values().stream()
                .sorted(Comparator.comparing(files -> files.site().name()))
                .forEach(files -> {
                    CertificateFiles second = good.get(Site.secondOfFiles(files.site()));
                    String problem = second == null ? null : files.problemBeside(second);
                    if (problem != null) {
                        problems.add(problem);
                    }
                });
        for (Site site : sites) {
            CertificateFiles files =
                    site.certificate() instanceof CertificateSource.OfSite of ? good.get(of.site()) : null;
            String problem = files == null ? null : files.problemOf(site);
            if (problem != null) {
                problems.add(problem);
            }
        }
        return problems;
    }

    private record Looked(CertificateFiles files, @Nullable String problem) {
        static Optional<Looked> at(Site site, Instant now) {
            Configuration.CertificateFiles files = site.files();
            if (files == null) {
                return Optional.empty();
            }
            CertificateFiles made = new CertificateFiles(site, files);
            try {
                made.look(now);
                return Optional.of(new Looked(made, null));
            } catch (IOException e) {
                return Optional.of(new Looked(made, String.valueOf(e.getMessage())));
            }
        }
    }

    private synchronized void look(Instant now) throws IOException {
        current = read(now);
    }

    private static @Nullable String problemOf(
            Site site, Configuration.CertificateFiles files, Certificate certificate) {
        return site.certifiedNames().stream()
                .filter(name -> !certificate.covers(name))
                .findFirst()
                .map(name -> site.name() + ": certificate.of: " + notCovered(files, name, certificate))
                .orElse(null);
    }

    private static String notCovered(Configuration.CertificateFiles files, String name, Certificate certificate) {
        return files.chain() + ": does not cover \"" + name + "\" (covers: " + String.join(", ", certificate.names())
                + ")";
    }

    /** Why another site, which is to have it as well, cannot; null where it can, or nothing was read. */
    synchronized @Nullable String problemOf(Site other) {
        return current == null ? null : problemOf(other, files, current);
    }

    /** Why the other one of two of a site is of no use beside it; null where it is, or nothing was read. */
    synchronized @Nullable String problemBeside(CertificateFiles second) {
        Certificate other = second.current();
        if (current == null || other == null || TlsKeys.isRsa(current.key()) != TlsKeys.isRsa(other.key())) {
            return null;
        }
        return site.name() + ": " + second.files.key() + ": is a key of the same kind as " + files.key()
                + " (expected: one of RSA, one of EC or Ed25519)";
    }

    private synchronized @Nullable Certificate current() {
        return current;
    }

    /** Keys that others may read: used all the same, and worth a word. One line each. */
    public static List<String> openKeys(List<Site> sites) {
        List<String> open = new ArrayList<>();
        for (Site site : sites) {
            Configuration.CertificateFiles files = site.files();
            if (files == null) {
                continue;
            }
            try {
                if (DurableFiles.isReadableByOthers(files.key())) {
                    open.add(site.name() + ": " + files.key() + ": readable by group or others (expected: mode 0600)");
                }
            } catch (IOException e) {
                LOG.debug("{}: permissions of {} not readable", site.name(), files.key(), e);
            }
        }
        return open;
    }

    Site site() {
        return site;
    }

    /**
     * Reads and checks the files.
     *
     * @throws IOException one line that names the file and what is wrong with it
     */
    synchronized Certificate read(Instant now) throws IOException {
        List<X509Certificate> chain;
        PrivateKey key;
        Certificate certificate;
        X509Certificate leaf;
        try {
            chain = Pem.readCertificates(RegularFile.text(files.chain(), RegularFile.PEM_BYTES));
        } catch (IOException e) {
            throw new IOException(files.chain() + ": " + DiskFailure.reason(e), e);
        }
        try {
            key = Pem.readKey(RegularFile.text(files.key(), RegularFile.PEM_BYTES));
        } catch (IOException e) {
            throw new IOException(files.key() + ": " + DiskFailure.reason(e), e);
        }
        try {
            TlsKeys.requireKind(key);
        } catch (CertificateException e) {
            throw new IOException(files.key() + ": " + e.getMessage(), e);
        }
        try {
            certificate = Certificate.ofFoundFiles(site.name(), ISSUER, key, chain);
            leaf = certificate.leafAmong(chain);
        } catch (CertificateException e) {
            throw new IOException(
                    Chains.leaf(key, chain).isEmpty()
                            ? files.key() + ": does not fit the certificate in " + files.chain()
                            : files.chain() + ": " + e.getMessage(),
                    e);
        }
        if (certificate.isExpired(now)) {
            throw new IOException(files.chain() + ": expired on " + certificate.notAfter());
        }
        if (now.isBefore(certificate.notBefore())) {
            throw new IOException(files.chain() + ": not valid before " + certificate.notBefore() + " (now: "
                    + TimeText.at(now) + ")");
        }
        for (String name : site.certifiedNames()) {
            if (!certificate.covers(name)) {
                throw new IOException(notCovered(files, name, certificate));
            }
        }
        doubt = Chains.doubt(leaf, certificate.isAlone(), chain);
        return certificate;
    }

    /** They are to be {@linkplain #load loaded} soon. */
    synchronized void expect() {
        expected = true;
    }

    /** Reads for the first time; to be {@linkplain #show shown}. */
    synchronized Certificate load(Instant now) throws IOException {
        expected = false;
        List<Version> found = versions();
        current = read(now);
        loaded = found;
        warnOfDoubts();
        return current;
    }

    /** Shows what was read before anybody was to see it. */
    synchronized void show(CertificateTable table, Instant now) {
        publication.show(current, OlderGenerations.NONE, table, now);
    }

    /** The site is no longer part of the configuration, or gets its certificate in another way. */
    synchronized void retire() {
        publication.retire();
    }

    /** What is served follows the files and the dates, also where the clock was set back. */
    synchronized void serve(CertificateTable table, Instant now) {
        if (publication.isRetired()) {
            return;
        }
        boolean changed = reload(now) != null;
        Certificate certificate = current;
        if (certificate == null) {
            return;
        }
        if (changed) {
            publication.show(certificate, OlderGenerations.NONE, table, now);
        } else {
            publication.follow(certificate, OlderGenerations.NONE, table, now);
        }
    }

    /** The new certificate where the files changed and are good; null where there is nothing new to serve. */
    @GuardedBy("this") private @Nullable Certificate reload(Instant now) {
        List<Version> found = versions();
        if (found.equals(loaded)) {
            return null;
        }
        try {
            Certificate next = read(now);
            current = next;
            loaded = found;
            complained = null;
            warnOfDoubts();
            LOG.info(
                    "{}: certificate from {}, serial {}, valid until {}",
                    site.name(),
                    files.chain(),
                    next.serialText(),
                    next.notAfter());
            return next;
        } catch (IOException e) {
            // Read again at each look (a clock may come right, the second file may follow), reported once per change.
            if (!found.equals(complained)) {
                complained = found;
                LOG.warn("{}: {}; {}", site.name(), e.getMessage(), rest(now));
            }
            return null;
        }
    }

    @GuardedBy("this") private String rest(Instant now) {
        Certificate certificate = current;
        return certificate == null || certificate.isExpired(now)
                ? "no certificate is served until the files are good"
                : "the certificate before it is served, valid "
                        + TimeText.of(Duration.between(now, certificate.notAfter()));
    }

    private List<Version> versions() {
        // Not List.of: a missing file is a state, too.
        return java.util.Arrays.asList(Version.of(files.chain()), Version.of(files.key()));
    }

    @GuardedBy("this") private void warnOfDoubts() {
        if (doubt != null) {
            LOG.warn("{}: {}: {}; served all the same", site.name(), files.chain(), doubt);
        }
        try {
            if (DurableFiles.isReadableByOthers(files.key())) {
                LOG.warn(
                        "{}: {}: readable by group or others (expected: mode 0600); used all the same",
                        site.name(),
                        files.key());
            }
        } catch (IOException e) {
            LOG.debug("{}: permissions of {} not readable", site.name(), files.key(), e);
        }
    }

    /** For who watches; waits only when it asks. */
    ServedWatch.Subject subject() {
        return new ServedWatch.Subject(site.name(), site.certifiedNames(), site.twin() != null, this::certificate);
    }

    /** What is served; null where nothing is. */
    synchronized @Nullable Certificate certificate() {
        return publication.isPublished() ? current : null;
    }

    synchronized CertificateStatus status(Instant now) {
        Certificate certificate = current;
        String problem = null;
        if (expected) {
            problem = "not read yet";
        } else if (certificate == null || complained != null) {
            try {
                certificate = read(now);
            } catch (IOException e) {
                problem = Objects.toString(e.getMessage(), "");
            }
        }
        return new CertificateStatus(
                site.name(),
                site.names(),
                ISSUER,
                certificate == null ? null : certificate.notBefore(),
                certificate == null ? null : certificate.notAfter(),
                null,
                problem,
                CertificateStatus.Served.NOT_ASKED,
                null,
                List.of(),
                null);
    }
}
