package dev.postern.dns;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.acme.AcmeIssuer;
import dev.postern.acme.AcmeIssuers;
import dev.postern.acme.Customer;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.IssuedCertificate;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Dns01;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.KeyType;
import dev.postern.config.Secret;
import dev.postern.config.Tsig;
import dev.postern.pki.Certificate;
import dev.postern.testing.BindServer;
import dev.postern.testing.MemoryJournal;
import dev.postern.testing.PebbleServer;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole orders: pebble asks a real BIND for what Postern put there. */
class Dns01AtPebbleTest {
    @TempDir
    static Path directory;

    private static BindServer bind;
    private static PebbleServer pebble;
    private static Store store;
    private static AcmeIssuer issuer;

    @BeforeAll
    static void start() throws Exception {
        bind = BindServer.start(directory.resolve("bind"), "example.test");
        pebble = PebbleServer.start(
                directory.resolve("pebble"),
                PebbleServer.Options.httpPort(1).authzReuse(0).dnsServer(bind.address()));
        store = FileStore.open(directory.resolve("certs"));
        issuer = new AcmeIssuers(
                        new Customer(
                                "ops@example.com",
                                true,
                                store,
                                new Clocks(InstantSource.system(), MonotonicClock.SYSTEM)),
                        List.of())
                .at(new AcmeDirectory("pebble", pebble.directoryUri(), pebble.caFile()));
    }

    @AfterAll
    static void stop() {
        store.close();
        pebble.close();
        bind.close();
    }

    @Test
    void wildcardAndItsBareNameAreCertifiedOverDynamicUpdates() throws Exception {
        Certificate certificate = certified(new Dns01.DynamicUpdate(
                "127.0.0.1",
                bind.port(),
                new Tsig(BindServer.KEY, "hmac-sha256", bind.secretFile()),
                null,
                Duration.ofSeconds(60),
                Duration.ofSeconds(10)));

        assertThat(certificate.names()).containsExactlyInAnyOrder("example.test", "*.example.test");
        assertThat(bind.txt("_acme-challenge.example.test")).isEmpty();
    }

    @Test
    void wildcardAndItsBareNameAreCertifiedByAProgram() throws Exception {
        Path script = Files.writeString(
                directory.resolve("hook"), """
                #!/bin/sh
                set -e
                case "$1" in
                  present) change="add $2 60 TXT \\"$3\\"" ;;
                  withdraw) change="delete $2 TXT \\"$3\\"" ;;
                esac
                nsupdate <<EOF
                server 127.0.0.1 %d
                key hmac-sha256:%s %s
                update $change
                send
                EOF
                """.formatted(bind.port(), BindServer.KEY, BindServer.SECRET));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));

        Certificate certificate = certified(
                new Dns01.Exec(List.of(new Secret(script.toString())), Duration.ofSeconds(10), Duration.ofSeconds(10)));

        assertThat(certificate.names()).containsExactlyInAnyOrder("example.test", "*.example.test");
        assertThat(bind.txt("_acme-challenge.example.test")).isEmpty();
    }

    private static Certificate certified(Dns01 dns01) throws Exception {
        Lookup lookup = new Lookup(List.of(bind.address()), Duration.ofSeconds(5), MonotonicClock.SYSTEM);
        Dns01Solver solver = new Dns01Solver(dns01, lookup, MonotonicClock.SYSTEM, bind.port());
        List<String> names = List.of("example.test", "*.example.test");

        IssuedCertificate issued = issuer.issue(
                new CertificateRequest("example.test", names, KeyType.EC_P256, List.of(solver), null),
                new MemoryJournal());

        return Certificate.of("example.test", issued.issuer(), issued.key(), issued.chain());
    }
}
