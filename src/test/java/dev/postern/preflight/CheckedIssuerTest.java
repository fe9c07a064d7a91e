package dev.postern.preflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.issuer.CertificateIssuer;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.issuer.OrderJournal;
import dev.postern.certificate.served.ChallengeTable;
import dev.postern.certificate.served.ReachabilityProbe;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Issuer;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.Site;
import dev.postern.dns.Lookup;
import dev.postern.testing.BindServer;
import dev.postern.testing.Care;
import dev.postern.testing.MemoryJournal;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckedIssuerTest {
    private static final Issuer PUBLIC = new AcmeDirectory("public", URI.create("https://x.letsencrypt.org/"), null);
    private static final Site SITE = new Site(List.of("site.example"), List.of(), null);

    @TempDir
    private Path directory;

    private BindServer names;

    @BeforeEach
    void serveNames() {
        names = BindServer.serving(directory.resolve("dns"), "example", "");
    }

    @AfterEach
    void stop() {
        if (names != null) {
            names.close();
        }
    }

    private final AtomicInteger asked = new AtomicInteger();

    /** It would have refused. */
    private final class Ca implements CertificateIssuer {
        @Override
        public String name() {
            return "public";
        }

        @Override
        public boolean mayCertify(Site site) {
            return true;
        }

        @Override
        public IssuedCertificate issue(CertificateRequest request, OrderJournal journal) throws IssueFailure {
            asked.incrementAndGet();
            throw new IssueFailure(Fault.CA, "asked", null);
        }
    }

    private CheckedIssuer issuer() {
        Store store = FileStore.openReadOnly(directory);
        Preflight preflight = new Preflight(
                new Lookup(List.of(names.address()), Duration.ofSeconds(5), MonotonicClock.SYSTEM),
                new ReachabilityProbe(store.probeKey(new SplittableRandom(1)).bytes()),
                InstantSource.fixed(Instant.EPOCH),
                new SplittableRandom(1),
                Reach.Ports.STANDARD,
                issuer -> {
                    throw new IOException("not reachable");
                });
        return new CheckedIssuer(
                new Ca(),
                PUBLIC,
                preflight,
                site -> store.site(site).everHadCertificate(),
                name -> SITE,
                Runnable::run);
    }

    private static CertificateRequest request() {
        return Care.request(new ChallengeTable(), "site.example");
    }

    @Test
    void firstOrderThatWouldFailForCertainIsNotSent() {
        assertThatThrownBy(() -> issuer().issue(request(), new MemoryJournal()))
                .isInstanceOfSatisfying(
                        IssueFailure.class,
                        failure -> assertThat(failure.fault()).isEqualTo(Fault.NAME))
                .hasMessageContaining("not asked, it would refuse: site.example: the name has no A record");
        assertThat(asked).hasValue(0);
    }

    /** A check that errs must not let a certificate expire. */
    @Test
    void siteThatEverHadACertificateIsNotHeldUp() throws Exception {
        Files.createDirectories(directory.resolve("site.example/1"));

        assertThatThrownBy(() -> issuer().issue(request(), new MemoryJournal())).hasMessage("asked");
        assertThat(asked).hasValue(1);
    }
}
