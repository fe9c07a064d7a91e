package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class Http01ValidatorTest {
    private static final String PATH = "/.well-known/acme-challenge/token";

    private ChallengeSite site;

    @BeforeEach
    void start() throws IOException {
        site = new ChallengeSite();
        site.answers.put("token", "token.thumbprint");
    }

    @AfterEach
    void stop() {
        site.close();
    }

    @Test
    void rightAnswerIsValid() {
        assertThat(validate(site.port())).isEmpty();
    }

    @Test
    void redirectIsFollowedOnPort80() {
        site.redirects.put(PATH, "http://b.example/moved");
        site.redirects.put("/moved", "/.well-known/acme-challenge/other?x=y");
        site.answers.put("other", "token.thumbprint");

        assertThat(validate(site.port())).isEmpty();
        assertThat(site.hosts).endsWith("b.example");
    }

    @Test
    void redirectLoopEnds() {
        site.redirects.put(PATH, PATH);

        assertFailed(validate(site.port()), ProblemType.CONNECTION, "more than 10 redirects");
        assertThat(site.hosts).hasSize(11);
    }

    @Test
    void redirectToHttpsOrAnotherPortIsNotFollowed() {
        for (String location :
                List.of("https://a.example/", "http://a.example:8081/", "ftp://a.example", "http:", "::")) {
            site.redirects.put(PATH, location);

            assertFailed(validate(site.port()), ProblemType.CONNECTION, "expected: plain HTTP, port 80");
        }
    }

    @Test
    void nameWithoutAddressIsADnsProblem() {
        Http01Validator validator = new Http01Validator(
                name -> {
                    throw new UnknownHostException(name);
                },
                site.port(),
                Duration.ofSeconds(1));

        assertFailed(validator.validate("a.example", "token", "x"), ProblemType.DNS, "no address for a.example");
    }

    @Test
    void addressThatRefusesIsFollowedByTheNext() throws IOException {
        Http01Validator validator = new Http01Validator(
                name -> List.of(
                        InetAddress.getByAddress(new byte[] {127, 0, 0, 2}),
                        InetAddress.getByAddress(new byte[] {127, 0, 0, 1})),
                site.port(),
                Duration.ofSeconds(5));

        assertThat(validator.validate("a.example", "token", "token.thumbprint")).isEmpty();
    }

    @Test
    void closedPortIsAConnectionProblem() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }

        assertFailed(validate(port), ProblemType.CONNECTION, "127.0.0.1");
    }

    @Test
    void silentServerTimesOut() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))) {
            Http01Validator validator =
                    new Http01Validator(this::loopback, silent.getLocalPort(), Duration.ofMillis(100));

            Optional<Problem> problem = validator.validate("a.example", "token", "token.thumbprint");

            assertThat(problem).map(Problem::type).hasValue(ProblemType.CONNECTION);
        }
    }

    @Test
    void longBodyIsCutOff() {
        site.answers.put("token", "x".repeat(5000));

        assertFailed(validate(site.port()), ProblemType.CONNECTION, "longer than 4096 bytes");
    }

    private Optional<Problem> validate(int port) {
        return new Http01Validator(this::loopback, port, Duration.ofSeconds(5))
                .validate("a.example", "token", "token.thumbprint");
    }

    private List<InetAddress> loopback(String name) throws UnknownHostException {
        return List.of(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
    }

    private static void assertFailed(Optional<Problem> problem, ProblemType type, String detail) {
        assertThat(problem).map(Problem::type).hasValue(type);
        assertThat(problem.orElseThrow().detail()).contains(detail);
    }
}
