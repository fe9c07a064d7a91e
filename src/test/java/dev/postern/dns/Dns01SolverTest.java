package dev.postern.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.certificate.issuer.ChallengeAnswer;
import dev.postern.config.Dns01;
import dev.postern.config.Secret;
import dev.postern.config.Tsig;
import dev.postern.testing.BindServer;
import dev.postern.testing.FreePorts;
import dev.postern.testing.TestDns;
import dev.postern.time.MonotonicClock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TXT records come and go at a real BIND. */
class Dns01SolverTest {
    private static final String CHALLENGE = "_acme-challenge.example.test";

    @TempDir
    static Path directory;

    private static BindServer bind;

    @BeforeAll
    static void start() {
        bind = BindServer.start(directory.resolve("bind"), "example.test", "other.test");
    }

    @AfterAll
    static void stop() {
        bind.close();
    }

    // ---- dynamic updates

    @Test
    void wildcardAndItsBareNameHaveTheirRecordsSideBySide() throws Exception {
        Dns01Solver solver = updating(key());
        ChallengeAnswer bare = answer("example.test", "one");
        ChallengeAnswer wildcard = answer("example.test", "two");

        solver.present(bare);
        solver.present(wildcard);
        // Told twice, as after a crash: the record is there already.
        solver.present(wildcard);

        assertThat(bind.txt(CHALLENGE)).containsExactlyInAnyOrder(Dns01Solver.value(bare), Dns01Solver.value(wildcard));
        solver.withdraw(bare);
        assertThat(bind.txt(CHALLENGE)).containsExactly(Dns01Solver.value(wildcard));
        solver.withdraw(wildcard);
        assertThat(bind.txt(CHALLENGE)).isEmpty();
    }

    @Test
    void valueIsTheDigestOfTheKeyAuthorization() {
        // SHA-256 of the empty text, which everybody knows.
        assertThat(Dns01Solver.value(new ChallengeAnswer("s", "n", "t", "")))
                .isEqualTo("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }

    @ParameterizedTest
    @ValueSource(strings = {"hmac-sha512", "hmac-sha384", "hmac-sha224", "hmac-sha1", "hmac-md5"})
    void everyAlgorithmOfTheConfigurationIsSpoken(String algorithm) throws Exception {
        try (BindServer other = BindServer.signing(algorithm, directory.resolve(algorithm), "example.test")) {
            Tsig key = new Tsig(BindServer.KEY, algorithm, other.secretFile());
            ChallengeAnswer answer = answer("example.test", "one");

            updating(other, key, null, Duration.ofSeconds(5)).present(answer);

            assertThat(other.txt(CHALLENGE)).containsExactly(Dns01Solver.value(answer));
        }
    }

    @Test
    void wrongSecretUnknownKeyPowerlessKeyAndNoKeyAreToldApart() throws Exception {
        Path wrong = Files.writeString(directory.resolve("wrong"), "d3Jvbmc=");
        String where =
                "dns-01.server 127.0.0.1:" + bind.port() + ": update of " + CHALLENGE + " in the zone example.test: ";

        assertRefused(new Tsig(BindServer.KEY, "hmac-sha256", wrong))
                .isEqualTo(where + "BADSIG: it knows the key \"update-key\", but with another secret or algorithm");
        assertRefused(new Tsig("nobody", "hmac-sha256", bind.secretFile()))
                .isEqualTo(where + "BADKEY: it does not know the key \"nobody\""
                        + " (expected: a key of its configuration, with name and algorithm)");
        assertRefused(new Tsig("powerless", "hmac-sha256", bind.secretFile()))
                .isEqualTo(where + "REFUSED: it does not let the key \"powerless\" update that name"
                        + " (expected: update-policy or allow-update of the zone to name it)");
        assertRefused(null)
                .isEqualTo(where + "REFUSED: it does not let us update that name without a key"
                        + " (expected: update-policy or allow-update of the zone to name it)");
        assertThat(bind.txt(CHALLENGE)).isEmpty();
    }

    private static org.assertj.core.api.AbstractStringAssert<?> assertRefused(@Nullable Tsig key) {
        IOException refusal = org.assertj.core.api.Assertions.catchThrowableOfType(
                IOException.class, () -> updating(key).present(answer("example.test", "one")));
        assertThat(refusal).isNotNull();
        return assertThat(refusal.getMessage());
    }

    @Test
    void aliasIsFollowedIntoTheOtherZone() throws Exception {
        ChallengeAnswer answer = answer("delegated.example.test", "one");
        Dns01Solver solver = updating(key());

        solver.present(answer);

        assertThat(bind.txt("challenges.other.test")).containsExactly(Dns01Solver.value(answer));
        solver.withdraw(answer);
        assertThat(bind.txt("challenges.other.test")).isEmpty();
    }

    @Test
    void nameOfAnotherServersZoneIsNotUpdated() {
        assertThatThrownBy(() -> updating(key()).present(answer("example.org", "one")))
                .isInstanceOf(IOException.class)
                .hasMessage("dns-01.server 127.0.0.1:" + bind.port()
                        + " is authoritative for no zone that holds _acme-challenge.example.org"
                        + " (expected: the primary server of its zone as dns-01.server)");
        assertThatThrownBy(() -> updating(key()).present(answer("a.child.example.test", "one")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("it delegates child.example.test");
        assertThatThrownBy(() -> updating(bind, key(), "other.test", Duration.ofSeconds(5))
                        .present(answer("example.test", "one")))
                .isInstanceOf(IOException.class)
                .hasMessage(CHALLENGE + " is not in the zone other.test"
                        + " (expected: a name in it, an alias of one, or dns-01 without zone)");
    }

    @Test
    void zoneThatIsConfiguredNeedNotBeFound() throws Exception {
        ChallengeAnswer answer = answer("www.example.test", "one");
        Dns01Solver solver = updating(bind, key(), "example.test", Duration.ofSeconds(5));

        solver.present(answer);

        assertThat(bind.txt("_acme-challenge.www.example.test")).containsExactly(Dns01Solver.value(answer));
        solver.withdraw(answer);
    }

    @Test
    void serverThatIsNotThereIsNamed() {
        Dns01.DynamicUpdate config = new Dns01.DynamicUpdate(
                "127.0.0.1", FreePorts.next(), null, null, Duration.ofSeconds(60), Duration.ofSeconds(5));

        assertThatThrownBy(() -> new Dns01Solver(config, lookup(bind), MonotonicClock.SYSTEM)
                        .present(answer("example.test", "one")))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("dns-01.server 127.0.0.1:" + config.port() + ": ");
    }

    @Test
    void authoritativeServersThatCannotBeReachedAreNotWaitedFor() throws Exception {
        ChallengeAnswer answer = answer("example.test", "far");
        // Where its own port is not that of authoritative servers, nobody is there.
        Dns01Solver solver = new Dns01Solver(
                config(bind, key(), null, Duration.ofSeconds(20)), lookup(bind), MonotonicClock.SYSTEM, 1);

        solver.present(answer);

        assertThat(bind.txt(CHALLENGE)).containsExactly(Dns01Solver.value(answer));
        solver.withdraw(answer);
    }

    @Test
    void serverThatLacksTheRecordIsNamed_andTheRecordIsTakenAwayAgain() throws Exception {
        // A secondary that never hears of the change: another primary with the same zone.
        try (BindServer stale = BindServer.start(directory.resolve("stale"), "example.test")) {
            Dns01Solver solver = new Dns01Solver(
                    config(bind, key(), null, Duration.ofSeconds(1)),
                    lookup(bind),
                    MonotonicClock.SYSTEM,
                    stale.port());

            assertThatThrownBy(() -> solver.present(answer("example.test", "late")))
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            CHALLENGE + ": the TXT record is not shown by ns.example.test (127.0.0.1:" + stale.port()
                                    + ") after 1s (expected: every server of the zone to show it; see dns-01.propagation)");
            assertThat(bind.txt(CHALLENGE)).isEmpty();
        }
    }

    // ---- a program

    @Test
    void programIsToldToPresentAndToWithdraw() throws Exception {
        Path calls = directory.resolve("calls");
        Path script = script("hook", """
                echo "$#: $*" >> %s
                printf 'server 127.0.0.1 %d\\nkey hmac-sha256:%s %s\\nupdate %%s %%s %%s TXT "%%s"\\nsend\\n' \\
                  "$([ "$2" = present ] && echo add || echo delete)" "$3" "$([ "$2" = present ] && echo 60)" "$4" | nsupdate
                """.formatted(calls, bind.port(), BindServer.KEY, BindServer.SECRET));
        Dns01Solver solver = running(List.of(script.toString(), "first"));
        ChallengeAnswer answer = answer("example.test", "by-program");

        solver.present(answer);

        assertThat(bind.txt(CHALLENGE)).containsExactly(Dns01Solver.value(answer));
        solver.withdraw(answer);
        assertThat(bind.txt(CHALLENGE)).isEmpty();
        assertThat(Files.readAllLines(calls))
                .containsExactly(
                        "4: first present " + CHALLENGE + " " + Dns01Solver.value(answer),
                        "4: first withdraw " + CHALLENGE + " " + Dns01Solver.value(answer));
    }

    @Test
    void nobodyIsAskedWhetherARecordIsShownWherePropagationIsOff() throws Exception {
        try (TestDns dns = TestDns.start()) {
            // Whoever asked it would wait for the whole of a try.
            dns.isSilent(true);
            Lookup silent = new Lookup(
                    List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), dns.port())),
                    Duration.ofSeconds(5),
                    MonotonicClock.SYSTEM);
            Dns01.Exec config = new Dns01.Exec(
                    List.of(new Secret(script("nothing", "").toString())), Duration.ofSeconds(10), Duration.ZERO);

            new Dns01Solver(config, silent, MonotonicClock.SYSTEM, dns.port())
                    .present(answer("example.test", "unseen"));

            assertThat(dns.questions()).isEmpty();
        }
    }

    @Test
    void resolversOfTheOperatorAreAskedInsteadOfTheServersOfTheZone() throws Exception {
        ChallengeAnswer answer = answer("example.test", "seen-elsewhere");
        Path script = script("elsewhere", """
                printf 'server 127.0.0.1 %d\\nkey hmac-sha256:%s %s\\nupdate %%s %%s %%s TXT "%%s"\\nsend\\n' \\
                  "$([ "$1" = present ] && echo add || echo delete)" "$2" "$([ "$1" = present ] && echo 60)" "$3" | nsupdate
                """.formatted(bind.port(), BindServer.KEY, BindServer.SECRET));
        Dns01.Exec config = new Dns01.Exec(
                List.of(new Secret(script.toString())),
                Duration.ofSeconds(10),
                Duration.ofSeconds(5),
                List.of(bind.address()));
        try (TestDns dns = TestDns.start()) {
            Lookup other = new Lookup(
                    List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), dns.port())),
                    Duration.ofSeconds(5),
                    MonotonicClock.SYSTEM);

            Dns01Solver solver = new Dns01Solver(config, other, MonotonicClock.SYSTEM, dns.port());

            solver.present(answer);

            assertThat(bind.txt(CHALLENGE)).contains(Dns01Solver.value(answer));
            solver.withdraw(answer);
            assertThat(dns.questions()).isEmpty();
        }
        Dns01.Exec unshown = new Dns01.Exec(
                List.of(new Secret(script("nothing", "").toString())),
                Duration.ofSeconds(10),
                Duration.ofMillis(300),
                List.of(bind.address()));
        assertThatThrownBy(() -> new Dns01Solver(unshown, lookup(bind), MonotonicClock.SYSTEM, bind.port())
                        .present(answer("example.test", "unshown")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the TXT record is not shown by 127.0.0.1:" + bind.port());
    }

    @Test
    void programThatFailsSaysWhy() throws Exception {
        Path script = script("fails", "echo 'no such zone' >&2\nexit 3\n");

        assertThatThrownBy(() -> running(List.of(script.toString())).present(answer("example.test", "one")))
                .isInstanceOf(IOException.class)
                .hasMessage("dns-01.exec " + script + " present " + CHALLENGE + ": exit code 3: no such zone");
    }

    // ---- vocabulary

    private static Path script(String name, String text) throws IOException {
        Path script = Files.writeString(directory.resolve(name), "#!/bin/sh\n" + text);
        return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }

    private static Tsig key() {
        return new Tsig(BindServer.KEY, "hmac-sha256", bind.secretFile());
    }

    private static ChallengeAnswer answer(String name, String token) {
        return new ChallengeAnswer("example.test", name, token, token + ".thumbprint");
    }

    private static Lookup lookup(BindServer server) {
        return new Lookup(List.of(server.address()), Duration.ofSeconds(5), MonotonicClock.SYSTEM);
    }

    private static Dns01Solver updating(@Nullable Tsig key) throws IOException {
        return updating(bind, key, null, Duration.ofSeconds(5));
    }

    private static Dns01Solver updating(
            BindServer server, @Nullable Tsig key, @Nullable String zone, Duration propagation) throws IOException {
        return new Dns01Solver(
                config(server, key, zone, propagation), lookup(server), MonotonicClock.SYSTEM, server.port());
    }

    private static Dns01.DynamicUpdate config(
            BindServer server, @Nullable Tsig key, @Nullable String zone, Duration propagation) {
        return new Dns01.DynamicUpdate("127.0.0.1", server.port(), key, zone, Duration.ofSeconds(60), propagation);
    }

    private static Dns01Solver running(List<String> command) throws IOException {
        return new Dns01Solver(
                new Dns01.Exec(
                        command.stream().map(Secret::new).toList(), Duration.ofSeconds(10), Duration.ofSeconds(5)),
                lookup(bind),
                MonotonicClock.SYSTEM,
                bind.port());
    }
}
