package dev.postern.identity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.Configuration;
import dev.postern.pki.Pem;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.HandClock;
import dev.postern.testing.TestPki;
import dev.postern.testing.TestPki.Ca;
import dev.postern.testing.TestPki.Identity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Files of client-certificates that are replaced while they are in use. */
class ClientAuthoritiesTest {
    private static final Duration DAY = Duration.ofDays(1);

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private final Ca ca = TestPki.root("Clients");
    private final Identity alice = ca.client("alice");
    private final HandClock now = new HandClock(Instant.now());
    private final ClientAuthorities authorities = new ClientAuthorities(now);
    private Path anchors;
    private Path crl;

    @BeforeEach
    void writeFiles() throws Exception {
        anchors = Files.writeString(edge.directory().resolve("ca.pem"), Pem.of(List.of(ca.certificate())));
        crl = TestPki.replace(edge.directory().resolve("crl.pem"), ca.revoking());
    }

    private Configuration configuration(String more) throws Exception {
        return edge.configuration("""
                acme: { issuers: [internal] }
                sites:
                  - { names: [a.internal], backend: web, client-certificates: { ca: %1$s, crl: %2$s } }
                  - { names: [b.internal], backend: web, client-certificates: { ca: %1$s, crl: %2$s, mode: request } }
                  - { names: [c.internal], backend: web%3$s }
                backends: { web: { servers: ["127.0.0.1:1"] } }
                """.formatted(anchors, crl, more));
    }

    private LiveAuthority of(String site) {
        return Objects.requireNonNull(authorities.find(site)).authority();
    }

    private @Nullable ClientFault fault(Identity who) {
        return of("a.internal").judge(who.chain()).fault();
    }

    @Test
    void sitesThatNameTheSameFilesShareThem() throws Exception {
        authorities.follow(
                configuration(", client-certificates: { ca: " + anchors + " }").sites());

        assertThat(of("a.internal")).isSameAs(of("b.internal")).isNotSameAs(of("c.internal"));
        LiveAuthority before = of("a.internal");

        authorities.follow(configuration("").sites());

        assertThat(authorities.find("c.internal")).isNull();
        assertThat(of("a.internal")).isSameAs(before);
    }

    @Test
    void whatIsReplacedHoldsAtOnceAndForThoseWhoWereJudgedAsWell() throws Exception {
        authorities.follow(configuration("").sites());
        authorities.look();
        Judgement judged = of("a.internal").judge(alice.chain());
        assertThat(judged.fault()).isNull();
        assertThat(of("a.internal").stands(judged)).isTrue();
        try (CapturedLog log = CapturedLog.begin()) {
            authorities.look();
            assertThat(of("a.internal").stands(judged)).isTrue();

            Path unused = TestPki.replace(crl, ca.revoking(alice.leaf()));
            authorities.look();

            assertThat(of("a.internal").stands(judged)).isFalse();
            assertThat(fault(alice)).isEqualTo(ClientFault.REVOKED);
            assertThat(log.lines("client-certificates: " + crl + " changed; read again"))
                    .hasSize(1);

            Ca other = TestPki.root("Others");
            Path unusedEither = TestPki.replace(anchors, Pem.of(List.of(ca.certificate(), other.certificate())));
            authorities.look();
            assertThat(of("a.internal").now().anchors()).hasSize(2);
            assertThat(fault(other.client("bob"))).isEqualTo(ClientFault.CRL_MISSING);
        }
    }

    @Test
    void fileThatIsBrokenOrGoneLeavesWhatWasReadBefore() throws Exception {
        authorities.follow(configuration("").sites());
        authorities.look();
        try (CapturedLog log = CapturedLog.begin()) {
            Path unused = TestPki.replace(crl, "nothing");
            authorities.look();
            authorities.look();
            assertThat(fault(alice)).isNull();
            assertThat(log.lines("ERROR").stream()
                            .filter(line -> line.contains(
                                    "crl.pem: holds no list of revoked certificates; what was read before holds")))
                    .hasSize(1);

            Files.delete(crl);
            authorities.look();
            assertThat(fault(alice)).isNull();
            assertThat(log.lines("crl.pem: does not exist; what was read before holds"))
                    .hasSize(1);

            Path unusedEither = TestPki.replace(crl, ca.revoking(alice.leaf()));
            authorities.look();
            assertThat(fault(alice)).isEqualTo(ClientFault.REVOKED);
        }
    }

    @Test
    void listThatHasEndedIsToldOnceADay() throws Exception {
        authorities.follow(configuration("").sites());
        Instant ends = Objects.requireNonNull(authorities.listsEnd().get("a.internal"));
        assertThat(ends)
                .isBetween(
                        now.instant().plus(DAY).minusSeconds(60),
                        now.instant().plus(DAY).plusSeconds(60));
        Judgement judged = of("a.internal").judge(alice.chain());
        try (CapturedLog log = CapturedLog.begin()) {
            authorities.look();
            assertThat(log.lines("ended on")).isEmpty();

            now.set(ends.plusSeconds(1));
            authorities.look();
            authorities.look();

            assertThat(of("a.internal").stands(judged)).isFalse();
            assertThat(fault(alice)).isEqualTo(ClientFault.CRL_EXPIRED);
            assertThat(log.lines("crl.pem: the list of \"CN=Clients\" ended on " + ends))
                    .hasSize(1);

            now.set(ends.plus(DAY).plusSeconds(2));
            authorities.look();
            assertThat(log.lines("ended on")).hasSize(2);

            Path unused =
                    TestPki.replace(crl, ca.list(now.instant(), now.instant().plus(DAY), builder -> {}));
            authorities.look();
            assertThat(fault(alice)).isNull();
            assertThat(log.lines("ended on")).hasSize(2);
        }
    }
}
