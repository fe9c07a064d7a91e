package dev.postern.app;

import dev.postern.certificate.care.StoredAnswers;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.config.ChallengeType;
import dev.postern.config.Configuration;
import dev.postern.config.Dns01;
import dev.postern.config.SecretFile;
import dev.postern.config.Site;
import dev.postern.dns.Dns01Solver;
import dev.postern.dns.Lookup;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How each site proves its names: one solver for each way, shared by the sites that go it. */
final class Proofs {
    private static final Logger LOG = LoggerFactory.getLogger(Proofs.class);

    private final ChallengeSolver http;
    private final ChallengeSolver tls;
    private final Map<Dns01, ChallengeSolver> dns = new ConcurrentHashMap<>();

    Proofs(StoredAnswers answers) {
        this.http = answers.http01();
        this.tls = answers.tlsAlpn01();
    }

    /**
     * Gets ready to prove the names of these as well.
     *
     * @throws IOException where a file with a secret cannot be read; names it
     */
    void prepare(List<Site> sites) throws IOException {
        for (Site site : sites) {
            if (site.dns01() != null && !dns.containsKey(site.dns01())) {
                Lookup lookup = Lookup.ofSystem(MonotonicClock.SYSTEM);
                dns.put(site.dns01(), new Dns01Solver(site.dns01(), lookup, MonotonicClock.SYSTEM));
            }
        }
    }

    /** In the order that the site prefers. */
    List<ChallengeSolver> of(Site site) {
        List<ChallengeSolver> solvers = new ArrayList<>();
        for (ChallengeType type : site.challenges()) {
            solvers.add(
                    switch (type) {
                        case HTTP_01 -> http;
                        case TLS_ALPN_01 -> tls;
                        case DNS_01 -> Objects.requireNonNull(dns.get(site.dns01()), "dns01");
                    });
        }
        return List.copyOf(solvers);
    }

    /** One line in the log for each file whose secret is none to the other users of this machine, or as good as none. */
    static void warnOfOpenSecrets(Configuration config) throws IOException {
        WeakHashes.lines(config).forEach(LOG::warn);
        for (Path secret : SecretFile.open(config)) {
            LOG.warn("{}: others than its owner can read this secret (expected: chmod 600)", secret);
        }
    }
}
