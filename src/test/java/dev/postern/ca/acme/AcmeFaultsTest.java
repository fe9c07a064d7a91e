package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.ca.InternalCa;
import dev.postern.testing.HandClock;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is to go wrong goes wrong, as often as it was told to, and then no more. */
class AcmeFaultsTest {
    private final HandClock clock = new HandClock(Instant.parse("2030-01-01T00:00:00Z"));
    private final AcmeFaults faults = new AcmeFaults(new Random(1));

    private AcmeService service;
    private InProcessClient client;

    @TempDir
    Path directory;

    @BeforeEach
    void open() throws Exception {
        SecureRandom random = new SecureRandom();
        service = AcmeService.open(
                InternalCa.open(directory, clock, random),
                URI.create("https://ca.example"),
                new AcmeOptions(Runnable::run, clock, random)
                        .validator((proof, finding) -> finding.accept(Optional.empty()))
                        .faults(faults));
        client = new InProcessClient(service);
        client.register();
    }

    @Test
    void retryAfterComesInBothForms() {
        faults.on(AcmeRequest.DIRECTORY, Fault.unavailable(new Fault.RetryAfter(Duration.ofMinutes(2), true)))
                .times(1);
        faults.on(AcmeRequest.DIRECTORY, Fault.rateLimited(new Fault.RetryAfter(Duration.ofMinutes(2), false)))
                .times(1);

        assertThat(client.get("/directory").status()).isEqualTo(503);
        assertThat(client.last().header("Retry-After")).hasValue("Tue, 01 Jan 2030 00:02:00 GMT");
        assertThat(client.last().body()).isEmpty();
        assertThat(client.get("/directory").status()).isEqualTo(429);
        assertThat(client.last().header("Retry-After")).hasValue("120");
        assertThat(client.problem()).isEqualTo("rateLimited");
        assertThat(client.get("/directory").status()).isEqualTo(200);
    }

    @Test
    void lostRequestHasNoEffectAndLostAnswerHasIts() {
        faults.on(AcmeRequest.NEW_ORDER, new Fault.LostRequest()).times(1);
        client.order("a.example");
        assertThat(client.last().delivery()).isEqualTo(Delivery.RESET);
        assertThat(service.counters().orders()).isZero();

        faults.on(AcmeRequest.NEW_ORDER, new Fault.Deliver(Delivery.RESET)).times(1);
        client.order("a.example");
        assertThat(client.last().delivery()).isEqualTo(Delivery.RESET);
        assertThat(service.counters().orders()).isEqualTo(1);
    }

    @Test
    void dateIsWrongByAsMuchAsTold() {
        faults.onEveryRequest(new Fault.WrongDate(Duration.ofDays(-2)));

        assertThat(client.get("/directory").header("Date")).hasValue("Sun, 30 Dec 2029 00:00:00 GMT");
    }

    @Test
    void refusalsLookLikeRealOnes() {
        faults.on(AcmeRequest.NEW_ORDER, Fault.badNonce()).times(3);
        for (int i = 0; i < 3; i++) {
            client.order("a.example");
            assertThat(client.problem()).isEqualTo("badNonce");
            assertThat(client.last().header("Replay-Nonce")).isPresent();
        }
        faults.on(AcmeRequest.NEW_ORDER, Fault.rejected(List.of("a.example", "b.example")))
                .times(1);
        client.order("a.example", "b.example");
        assertThat(client.problem()).isEqualTo("rejectedIdentifier");
        assertThat(client.json().getAsJsonArray("subproblems")).hasSize(2);
        faults.on(AcmeRequest.NEW_ORDER, Fault.alreadyReplaced()).times(1);
        client.order("a.example");
        assertThat(client.last().status()).isEqualTo(409);
        faults.on(AcmeRequest.NEW_ORDER, Fault.page()).times(1);
        client.order("a.example");
        assertThat(client.last().body()).startsWith("<html>");
        faults.on(AcmeRequest.NEW_ORDER, Fault.emptyAnswer()).times(1);
        client.order("a.example");
        assertThat(client.last().status()).isEqualTo(200);
        assertThat(client.last().body()).isEmpty();
        assertThat(client.order("a.example")).isNotEmpty();
    }

    @Test
    void orderSticksForSoManyReads() throws Exception {
        faults.on(AcmeRequest.FINALIZE, new Fault.Stick(2)).times(1);
        String order = ready("a.example");
        client.finish(order, "a.example");

        assertThat(client.json().get("status").getAsString()).isEqualTo("processing");
        assertThat(client.read(order).get("status").getAsString()).isEqualTo("processing");
        assertThat(client.read(order).get("status").getAsString()).isEqualTo("processing");
        assertThat(client.read(order).get("status").getAsString()).isEqualTo("valid");
        assertThat(client.certificate(order)).hasSize(2);
    }

    @Test
    void orderFailsAtFinalization() {
        faults.on(AcmeRequest.FINALIZE, new Fault.FailOrder(Problem.of(ProblemType.CAA, "CAA forbids")))
                .times(1);
        String order = ready("a.example");
        client.finish(order, "a.example");

        assertThat(client.json().get("status").getAsString()).isEqualTo("invalid");
        assertThat(client.json().getAsJsonObject("error").get("type").getAsString())
                .endsWith(":caa");
        assertThat(service.issuances()).isEmpty();
    }

    @Test
    void chanceIsRepeatable() {
        AcmeFaults.Rule rule =
                faults.on(AcmeRequest.DIRECTORY, Fault.internalError()).chance(0.3);
        for (int i = 0; i < 1000; i++) {
            client.get("/directory");
        }

        assertThat(rule.happened()).isBetween(250L, 350L);
        rule.remove();
        assertThat(client.get("/directory").status()).isEqualTo(200);
        assertThat(service.requests()).containsEntry(AcmeRequest.DIRECTORY, 1001L);
    }

    private String ready(String name) {
        String order = client.order(name);
        client.authorizations(order).forEach(authorization -> client.ready(authorization, "http-01"));
        return order;
    }
}
