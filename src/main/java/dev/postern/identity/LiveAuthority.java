package dev.postern.identity;

import dev.postern.config.CaFile;
import dev.postern.config.ClientCertificates;
import dev.postern.config.KeptFile;
import dev.postern.config.RevocationFile;
import dev.postern.disk.WatchedFile;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link ClientAuthority} that follows its files. Asked by any thread; read anew, and told of, by one at a time. One object for as
 * long as the files are named: whoever was judged by it can see whether it has changed.
 */
public final class LiveAuthority {
    private static final Logger LOG = LoggerFactory.getLogger(LiveAuthority.class);

    private static final Duration AGAIN = Duration.ofDays(1);

    /** What makes one of it: the same files in the same use. */
    record Source(Path ca, @Nullable Path crl, int depth) {
        static Source of(ClientCertificates config) {
            return new Source(
                    config.ca().file(),
                    config.crl() == null ? null : config.crl().file(),
                    config.depth());
        }
    }

    private record Files(KeptFile ca, @Nullable KeptFile crl) {}

    private record State(Files files, ClientAuthority authority, List<X509CRL> lists) {}

    private final int depth;
    private final InstantSource clock;
    private final WatchedFile ca;
    private final @Nullable WatchedFile crl;
    private @Nullable String complaint;
    /** Whose list has ended, and when that was said. */
    private final Map<X500Principal, Instant> said = new HashMap<>();
    // Replaced by one thread at a time; read by any.
    private volatile State state;

    LiveAuthority(ClientCertificates config, InstantSource clock) {
        this.depth = config.depth();
        this.clock = clock;
        this.ca = new WatchedFile(config.ca().file());
        this.crl = config.crl() == null ? null : new WatchedFile(config.crl().file());
        try {
            this.state = read(new Files(config.ca(), config.crl()));
        } catch (IOException e) {
            // Whoever read the configuration has looked.
            throw new IllegalStateException(e);
        }
    }

    /** What is in the files now. */
    public ClientAuthority now() {
        return state.authority;
    }

    public Judgement judge(List<X509Certificate> shown) {
        return state.authority.judge(shown, clock.instant());
    }

    /** Whether what was said of a client would be said again. */
    public boolean stands(Judgement judgement) {
        return judgement.holds(state.authority, clock.instant());
    }

    /** When the first list ends that has no newer one; null where there are none, or it never does. */
    @Nullable Instant listsEnd() {
        return newest(state.lists).values().stream()
                .min(Comparator.naturalOrder())
                .filter(ends -> ends.isBefore(Instant.MAX))
                .orElse(null);
    }

    /** What a reload has read. */
    void follow(ClientCertificates config) {
        Files files = new Files(config.ca(), config.crl());
        if (!files.equals(state.files)) {
            try {
                state = read(files);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Reads the files again where they have changed. Blocks. */
    void look() {
        boolean changed = ca.hasChanged();
        if (crl != null) {
            changed |= crl.hasChanged();
        }
        if (changed || complaint != null) {
            readAgain();
        }
        tellOfEnds();
    }

    private void readAgain() {
        State before = state;
        try {
            Files files = new Files(again(before.files.ca), before.files.crl == null ? null : again(before.files.crl));
            if (!files.equals(before.files)) {
                state = read(files);
                LOG.info("client-certificates: {} changed; read again", names(before.files, files));
            }
            complaint = null;
        } catch (IOException e) {
            String what = String.valueOf(e.getMessage());
            if (!what.equals(complaint)) {
                complaint = what;
                LOG.error("client-certificates: {}; what was read before holds", what);
            }
        }
    }

    private static String names(Files before, Files after) {
        KeptFile list = after.crl;
        if (list == null || list.equals(before.crl)) {
            return after.ca.toString();
        }
        return after.ca.equals(before.ca) ? list.toString() : after.ca + " and " + list;
    }

    private static KeptFile again(KeptFile file) throws IOException {
        try {
            return file.readAgain();
        } catch (NoSuchFileException e) {
            throw new IOException(file + ": does not exist", e);
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private State read(Files files) throws IOException {
        try {
            List<X509Certificate> anchors = CaFile.parse(files.ca.content().text());
            KeptFile list = files.crl;
            List<X509CRL> lists;
            try {
                lists = list == null
                        ? List.of()
                        : RevocationFile.parse(list.content().text());
            } catch (CRLException e) {
                throw new IOException(list + ": " + e.getMessage(), e);
            }
            return new State(
                    files,
                    new ClientAuthority(anchors, list == null ? null : new RevocationLists(lists), depth),
                    lists);
        } catch (CertificateException e) {
            throw new IOException(files.ca + ": " + e.getMessage(), e);
        }
    }

    private void tellOfEnds() {
        Instant now = clock.instant();
        Map<X500Principal, Instant> newest = newest(state.lists);
        said.keySet().retainAll(newest.keySet());
        newest.forEach((issuer, ends) -> {
            Instant last = said.get(issuer);
            if (now.isBefore(ends)) {
                said.remove(issuer);
            } else if (last == null || !now.isBefore(last.plus(AGAIN))) {
                said.put(issuer, now);
                LOG.error(
                        "client-certificates: {}: the list of \"{}\" ended on {}; clients with its certificates are"
                                + " refused (expected: a newer list there)",
                        Objects.requireNonNull(state.files.crl, "crl"),
                        issuer,
                        ends);
            }
        });
    }

    /** Of each issuer, when its newest list ends. */
    private static Map<X500Principal, Instant> newest(List<X509CRL> lists) {
        Map<X500Principal, Instant> ends = new HashMap<>();
        for (X509CRL list : lists) {
            ends.merge(
                    list.getIssuerX500Principal(),
                    RevocationLists.ends(list),
                    (one, other) -> one.isAfter(other) ? one : other);
        }
        return ends;
    }
}
