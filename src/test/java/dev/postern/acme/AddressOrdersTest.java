package dev.postern.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeIssuance;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeProfile;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.ca.acme.ChallengeValidator.Proof;
import dev.postern.certificate.issuer.CertificateRequest;
import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.certificate.issuer.ChallengeSolver;
import dev.postern.certificate.issuer.IssueFailure;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.served.AlpnChallengeTable;
import dev.postern.certificate.served.TlsAlpn01Solver;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.ChallengeType;
import dev.postern.config.Issuer.AcmeDirectory;
import dev.postern.config.KeyType;
import dev.postern.config.RateLimits;
import dev.postern.pki.Certificate;
import dev.postern.testing.MemoryJournal;
import dev.postern.time.Clocks;
import dev.postern.time.MonotonicClock;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.shredzone.acme4j.Identifier;

/** Certificates for IP addresses, <a href="https://datatracker.ietf.org/doc/html/rfc8738">RFC 8738</a>. */
class AddressOrdersTest {
    private static final List<String> NAMES = List.of("192.0.2.7", "2001:db8::7", "www.example.com");

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final List<Proof> proofs = new CopyOnWriteArrayList<>();
    private final List<String> shown = new ArrayList<>();

    @TempDir
    Path directory;

    private InternalCa ca;
    private @Nullable AcmeServer server;
    private Store store;

    @BeforeEach
    void open() throws Exception {
        store = FileStore.open(directory.resolve("certs"));
        ca = InternalCa.open(directory.resolve("ca"), Clock.systemUTC(), new SecureRandom());
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
        store.close();
        executor.shutdownNow();
    }

    private void start(Map<String, AcmeProfile> profiles) throws Exception {
        server = AcmeServer.start(
                ca,
                new AcmeOptions(executor, Clock.systemUTC(), new SecureRandom())
                        .challenges(EnumSet.allOf(ChallengeType.class))
                        .profiles(profiles)
                        .validator((wanted, finding) -> {
                            proofs.add(wanted);
                            finding.accept(Optional.empty());
                        }));
    }

    private AcmeServer server() {
        return Objects.requireNonNull(server, "started");
    }

    /** Shows every answer to nobody. */
    private ChallengeSolver solver(ChallengeType type) {
        return new ChallengeSolver() {
            @Override
            public ChallengeType type() {
                return type;
            }

            @Override
            public void present(ChallengeAnswer answer) {
                shown.add(type.text() + " " + answer.name());
            }

            @Override
            public void withdraw(ChallengeAnswer answer) {}
        };
    }

    private Certificate issue(@Nullable String profile, List<String> names) throws Exception {
        AcmeIssuer issuer = new AcmeIssuers(
                        new Customer(
                                "ops@example.com",
                                true,
                                store,
                                new Clocks(InstantSource.system(), MonotonicClock.SYSTEM)),
                        List.of())
                .at(new AcmeDirectory(
                        "devca", server().directory(), ca.rootFile(), null, profile, null, null, RateLimits.NONE));
        CertificateRequest request = new CertificateRequest(
                names.get(0),
                names,
                KeyType.EC_P256,
                List.of(solver(ChallengeType.DNS_01), solver(ChallengeType.HTTP_01)),
                null);
        var issued = issuer.issue(request, new MemoryJournal());
        return Certificate.of("site", issued.issuer(), issued.key(), issued.chain());
    }

    private AcmeIssuance issuance() {
        return server().service().issuances().get(0);
    }

    @Test
    void addressesAreOrderedInTheProfileForThemAndNeverProvenInTheDns() throws Exception {
        start(AcmeProfile.likeLetsEncrypt());

        assertThat(issue(null, NAMES).names()).containsExactlyElementsOf(NAMES);
        assertThat(issuance().profile()).isEqualTo("shortlived");
        assertThat(shown).containsExactly("http-01 192.0.2.7", "http-01 2001:db8::7", "dns-01 www.example.com");
        assertThat(proofs)
                .extracting(proof -> proof.type() + " " + proof.name())
                .containsExactlyInAnyOrderElementsOf(shown);
    }

    @Test
    void namesAreLeftToTheCaAsBefore() throws Exception {
        start(AcmeProfile.likeLetsEncrypt());

        issue(null, List.of("www.example.com"));

        assertThat(issuance().profile()).isEqualTo("classic");
    }

    @Test
    void caWithoutProfilesIsAskedForNone() throws Exception {
        start(Map.of());

        assertThat(issue(null, NAMES).names()).containsExactlyElementsOf(NAMES);
        assertThat(issuance().profile()).isNull();
    }

    @Test
    void profileOfTheOperatorWinsAndTheRefusalNamesTheOther() throws Exception {
        start(AcmeProfile.likeLetsEncrypt());

        assertThatThrownBy(() -> issue("tlsserver", NAMES))
                .isInstanceOfSatisfying(
                        IssueFailure.class, e -> assertThat(e.fault()).isEqualTo(Fault.NAME))
                .hasMessageContaining("Profile \"tlsserver\" does not permit ip type identifiers")
                .hasMessageEndingWith(
                        "; acme.issuers asks for profile \"tlsserver\", and CAs may certify addresses with"
                                + " \"shortlived\" only");
        assertThat(issue("shortlived", NAMES).names()).containsExactlyElementsOf(NAMES);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "192.0.2.7, 7.2.0.192.in-addr.arpa",
        "2001:db8::567:89ab, b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
    })
    void validatorOfAnAddressSaysHelloToItsNameForReverseLookUps(String address, String serverName) throws Exception {
        AlpnChallengeTable table = new AlpnChallengeTable(InstantSource.system());
        TlsAlpn01Solver solver = new TlsAlpn01Solver(table);
        ChallengeAnswer answer = new ChallengeAnswer("site", address, "token", "token.thumbprint");

        solver.present(answer);

        Certificate certificate = Objects.requireNonNull(table.find(serverName));
        assertThat(certificate.names()).containsExactly(address);
        assertThat(certificate.leaf().getSubjectAlternativeNames())
                .singleElement()
                .satisfies(name -> assertThat(name.get(0)).isEqualTo(7));
        assertThat(table.find(address)).isNull();
        assertThat(solver.seen(answer)).contains(": 1;");
        solver.withdraw(answer);
        assertThat(table.find(serverName)).isNull();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "2001:DB8:0:0:0:0:0:7, 2001:db8::7",
        "2001:db8::7, 2001:db8::7",
        "0:0:0:0:0:0:0:1, ::1",
        "192.0.2.7, 192.0.2.7",
        "nonsense, nonsense"
    })
    void addressIsTheSameHoweverACaWritesIt(String theirs, String ours) {
        assertThat(Identifiers.name(new Identifier("ip", theirs))).isEqualTo(ours);
    }
}
