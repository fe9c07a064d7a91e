package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.ca.InternalCa;
import dev.postern.ca.TestChains;
import dev.postern.testing.HandClock;
import dev.postern.testing.Trust;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The CA without a network: everything on the thread of the test, at the time that the test says. */
class AcmeServiceTest {
    private final HandClock clock = new HandClock(Instant.parse("2030-01-01T00:00:00Z"));
    private final SecureRandom random = new SecureRandom();
    private final List<ChallengeValidator.Proof> asked = new ArrayList<>();
    private final List<Consumer<Optional<Problem>>> findings = new ArrayList<>();

    private InternalCa ca;

    @TempDir
    Path directory;

    @BeforeEach
    void openCa() throws Exception {
        ca = InternalCa.open(directory, clock, random);
    }

    @Test
    void orderGoesThroughWithoutASocket() throws Exception {
        InProcessClient client = client(new AcmeOptions(Runnable::run, clock, random)
                .validator((proof, finding) -> finding.accept(Optional.empty())));

        var chain = client.obtain("a.example", "b.example");

        TestChains.verify(Trust.root(ca), chain, clock.instant());
        assertThat(TestChains.names(chain.get(0))).containsExactly("a.example", "b.example");
        assertThat(chain.get(0).getNotAfter().toInstant())
                .isEqualTo(clock.instant().plus(Duration.ofDays(90)));
    }

    @Test
    void everyReplyIsDatedByTheGivenClock() throws Exception {
        InProcessClient client = client(new AcmeOptions(Runnable::run, clock, random));

        assertThat(client.get("/directory").header("Date")).hasValue("Tue, 01 Jan 2030 00:00:00 GMT");
        clock.advance(Duration.ofDays(400));
        assertThat(client.get("/directory").header("date")).hasValue("Wed, 05 Feb 2031 00:00:00 GMT");
    }

    @Test
    void validatorMayDecideLater() throws Exception {
        InProcessClient client = client(new AcmeOptions(Runnable::run, clock, random).validator((proof, finding) -> {
            asked.add(proof);
            findings.add(finding);
        }));
        client.register();
        String order = client.order("a.example");
        String authorization = client.authorizations(order).get(0);
        client.ready(authorization, "http-01");

        assertThat(client.read(authorization).get("status").getAsString()).isEqualTo("pending");
        assertThat(asked).singleElement().satisfies(proof -> {
            assertThat(proof.type()).isEqualTo("http-01");
            assertThat(proof.name()).isEqualTo("a.example");
            assertThat(proof.keyAuthorization()).startsWith(proof.token() + ".");
            assertThat(proof.account()).isEqualTo(client.account());
        });
        findings.get(0).accept(Optional.of(Problem.about("a.example", ProblemType.DNS, "no such name")));
        findings.get(0).accept(Optional.empty()); // too late: found once is found

        assertThat(client.read(order).get("status").getAsString()).isEqualTo("invalid");
    }

    @Test
    void orderExpiresByTheGivenClock() throws Exception {
        InProcessClient client = client(new AcmeOptions(Runnable::run, clock, random));
        client.register();
        String order = client.order("a.example");

        clock.advance(AcmeState.PENDING_LIFE.minusSeconds(1));
        assertThat(client.read(order).get("status").getAsString()).isEqualTo("pending");
        clock.advance(Duration.ofSeconds(1));
        assertThat(client.read(order).get("status").getAsString()).isEqualTo("invalid");
    }

    @Test
    void targetMayBeAWholeUrlAndRubbishIsRefused() throws Exception {
        AcmeService service =
                AcmeService.open(ca, URI.create("https://ca.example"), new AcmeOptions(Runnable::run, clock, random));

        assertThat(service.answer("GET", "https://ca.example/directory", Map.of(), new byte[0])
                        .status())
                .isEqualTo(200);
        for (String target : List.of("", "*", "a b", "http:")) {
            assertThat(service.answer("GET", target, Map.of(), new byte[0]).status())
                    .isEqualTo(400);
        }
    }

    private InProcessClient client(AcmeOptions options) throws Exception {
        return new InProcessClient(AcmeService.open(ca, URI.create("https://ca.example"), options));
    }
}
