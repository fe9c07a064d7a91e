package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.app.Edge;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeFaults;
import dev.postern.ca.acme.AcmeIssuance;
import dev.postern.ca.acme.AcmeLimits;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeProbe;
import dev.postern.ca.acme.AcmeProfile;
import dev.postern.ca.acme.AcmeRequest;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.ca.acme.Fault;
import dev.postern.ca.acme.ProblemType;
import dev.postern.certificate.issuer.SuggestedWindow;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.schedule.Schedule;
import dev.postern.testing.FreePorts;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The life of certificates as an operator sees it: a configuration in a file, a daemon and a CA that speak over real
 * sockets, and commands beside them.
 */
@Tag("long")
class CertificateLifeTest {
    private static final String SITE = "site.example";
    private static final Duration SOON = Duration.ofSeconds(30);

    /** Backdated so far that a client goes on trusting what was issued after the clocks were moved. */
    private static final Map<String, AcmeProfile> PROFILES =
            Map.of("shortlived", new AcmeProfile("six days", Duration.ofHours(160), Duration.ofHours(12)));

    @TempDir
    private Path directory;

    private final SecureRandom random = new SecureRandom();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final AcmeFaults faults = new AcmeFaults(RandomGenerator.getDefault());
    private final AtomicReference<Consumer<AcmeRequest>> before = new AtomicReference<>(request -> {});
    private final AtomicReference<Duration> moved = new AtomicReference<>(Duration.ZERO);
    /** That of the CA and, but for the test that says otherwise, of the host. */
    private final InstantSource clock = () -> Instant.now().plus(moved.get());

    private Installation installation;
    private InternalCa ca;
    private X509Certificate root;
    private AcmeServer acme;
    private final List<Edge> edges = new ArrayList<>();
    private String out = "";
    private String err = "";

    @BeforeEach
    void prepare() throws IOException {
        installation = new Installation(directory.resolve("postern"));
        ca = InternalCa.open(directory.resolve("ca"), clock, random);
        root = Trust.root(ca);
        acme = AcmeServer.start(ca, options());
    }

    @AfterEach
    void stop() {
        edges.forEach(Edge::close);
        acme.close();
        executor.shutdownNow();
    }

    private AcmeOptions options() {
        return new AcmeOptions(executor, clock, random)
                .resolver(name -> List.of(InetAddress.getLoopbackAddress()))
                .validationPort(installation.httpPort())
                .tlsAlpnPort(installation.httpsPort())
                .profiles(PROFILES)
                .faults(faults)
                .probe(new AcmeProbe() {
                    @Override
                    public void before(AcmeRequest request) {
                        before.get().accept(request);
                    }
                });
    }

    private void ca(UnaryOperator<AcmeOptions> more) throws IOException {
        acme.close();
        acme = AcmeServer.start(ca, more.apply(options()));
    }

    /** @param issuer what follows the directory and the file of the CA, with a comma before it */
    private void configure(String issuer, String more, String... sites) {
        installation.configure("""
                acme:
                  email: ops@example.com
                  agree-to-terms: true
                  issuers: [{ directory: "%s", ca-file: "%s"%s }]
                  store: "%s"
                %s
                """.formatted(acme.directory(), ca.rootFile(), issuer, installation.store(), more)
                + Installation.sites(sites));
    }

    private void start() throws Exception {
        start(clock);
    }

    private void start(InstantSource hostClock) throws Exception {
        Properties schedule = new Properties();
        schedule.setProperty(Schedule.SWEEP, "* * * * * ?");
        edges.add(Edge.start(ConfigurationFile.read(installation.configuration()), schedule, hostClock));
    }

    private void awaitServed(String site) {
        await().atMost(SOON).until(() -> installation.serves(site, root));
    }

    private BigInteger served(String site) throws IOException {
        return installation.served(site, root).getSerialNumber();
    }

    private AcmeIssuance lastIssuance() {
        List<AcmeIssuance> all = acme.service().issuances();
        return all.get(all.size() - 1);
    }

    private long asked(AcmeRequest request) {
        return acme.service().requests().getOrDefault(request, 0L);
    }

    private int run(String... arguments) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "-c";
        all[arguments.length + 1] = installation.configuration().toString();
        StringWriter stdout = new StringWriter();
        StringWriter stderr = new StringWriter();
        int code = Main.run(all, new Console(new PrintWriter(stdout, true), new PrintWriter(stderr, true)), Map.of());
        out = stdout.toString();
        err = stderr.toString();
        return code;
    }

    private Path hook() throws IOException {
        Path told = directory.resolve("told");
        Path script = Files.writeString(directory.resolve("hook"), """
                #!/bin/sh
                echo "$POSTERN_EVENT $POSTERN_SITE $POSTERN_ISSUER $POSTERN_FAULT $POSTERN_FAILURES" \\
                    "$(test -f "$POSTERN_FOLDER/fullchain.pem" && echo files)" >> %s
                cat >> %s.json
                """.formatted(told, told));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-x---"));
        return script;
    }

    private List<String> told() throws IOException {
        Path told = directory.resolve("told");
        return Files.exists(told) ? Files.readAllLines(told) : List.of();
    }

    @Test
    void firstCertificateIsOrderedWithExternalAccountAndProfileAndTheHookIsTold() throws Exception {
        byte[] mac = new byte[32];
        random.nextBytes(mac);
        Path macFile = Files.writeString(
                directory.resolve("mac"),
                Base64.getUrlEncoder().withoutPadding().encodeToString(mac) + "\n");
        ca(options -> options.externalAccounts(Map.of("kid-1", mac), true, false));
        configure(
                ", profile: shortlived, eab: { key-id: kid-1, hmac-file: \"" + macFile + "\" }",
                "hooks: { on-renewed: [\"" + hook() + "\"] }",
                SITE + ",www." + SITE);

        start();

        awaitServed(SITE);
        assertThat(lastIssuance().profile()).isEqualTo("shortlived");
        assertThat(lastIssuance().names()).containsExactlyInAnyOrder(SITE, "www." + SITE);
        assertThat(acme.counters().accounts()).isEqualTo(1);
        await().atMost(SOON).until(() -> told().size() == 1);
        assertThat(told().get(0)).startsWith("renewed " + SITE + " localhost").endsWith(" files");
        JsonObject document = JsonParser.parseString(Files.readString(directory.resolve("told.json")))
                .getAsJsonObject();
        assertThat(document.get("serial").getAsString()).isEqualTo(served(SITE).toString(16));
    }

    @Test
    void certificateThatTheCaWantsReplacedIsRenewedByItselfAndCountsAgainstNoLimit() throws Exception {
        AcmeLimits none = AcmeLimits.NONE;
        AcmeLimits onceAWeek = new AcmeLimits(
                none.ordersPerAccount(),
                none.certificatesPerDomain(),
                new AcmeLimits.Rate(1, Duration.ofDays(7)),
                none.failuresPerName(),
                none.pauseAfter(),
                none.registeredDomain());
        ca(options -> options.limits(onceAWeek));
        configure("", "", SITE);
        start();
        awaitServed(SITE);
        BigInteger first = served(SITE);
        Instant now = clock.instant();
        acme.service()
                .suggestRenewal(
                        installation.served(SITE, root),
                        new SuggestedWindow(
                                now.minusSeconds(60),
                                now.minusSeconds(1),
                                "https://ca.example/why",
                                Duration.ofHours(1)));

        // The CA is asked within an hour of the first look at the certificate, which may come after the first move.
        await().atMost(SOON).pollInterval(Duration.ofSeconds(2)).until(() -> {
            moved.updateAndGet(by -> by.plusHours(2));
            return !served(SITE).equals(first);
        });
        assertThat(lastIssuance().replaces()).isNotNull();
        assertThat(acme.counters().certificates()).isEqualTo(2);
        assertThat(acme.service().refusals()).doesNotContainKey(ProblemType.RATE_LIMITED);
        assertThat(asked(AcmeRequest.NEW_ORDER)).isEqualTo(2);
    }

    @Test
    void siteThatTheCaCannotReachOverHttpIsProvenOverTls() throws Exception {
        int closed = FreePorts.next();
        ca(options -> options.validationPort(closed).validationTimeout(Duration.ofSeconds(2)));
        configure("", "", SITE);

        start();

        awaitServed(SITE);
        assertThat(acme.counters().orders()).isEqualTo(2);
        assertThat(acme.counters().certificates()).isEqualTo(1);
        assertThat(run("cert", "explain", SITE)).as(err).isZero();
    }

    @Test
    void orderThatTheCaDoesNotTakeAsAReplacementIsMadeWithout() throws Exception {
        ca(options -> options);
        configure("", "", SITE);
        start();
        awaitServed(SITE);
        AcmeFaults.Rule refusal =
                faults.on(AcmeRequest.NEW_ORDER, Fault.alreadyReplaced()).times(1);

        assertThat(run("cert", "renew", SITE)).as(err).isZero();

        assertThat(refusal.happened()).isEqualTo(1);
        assertThat(lastIssuance().replaces()).isNull();
        assertThat(served(SITE)).isEqualTo(lastIssuance().serial());
    }

    @Test
    void waitThatTheCaAsksTheAccountForHoldsForAllItsSitesAndAfterARestart() throws Exception {
        ca(options -> options);
        configure("", "", "one.example", "two.example", "three.example");
        AcmeFaults.Rule limit =
                faults.on(AcmeRequest.NEW_ORDER, Fault.rateLimited(new Fault.RetryAfter(Duration.ofHours(1), false)));
        start();
        // The CA has said it, and it is written down.
        await().atMost(SOON)
                .until(() ->
                        run("cert", "renew", "two.example") == 1 && err.contains("two.example: not ordered before "));
        assertThat(limit.happened()).isPositive();
        edges.remove(0).close();
        faults.clear();
        long before = asked(AcmeRequest.NEW_ORDER);

        start();

        await().during(Duration.ofSeconds(3)).atMost(SOON).until(() -> asked(AcmeRequest.NEW_ORDER) == before);
        assertThat(run("cert", "renew", "two.example")).isEqualTo(1);
        assertThat(err).contains("two.example: not ordered before ");
        assertThat(asked(AcmeRequest.NEW_ORDER)).isEqualTo(before);
        moved.set(Duration.ofMinutes(65));
        awaitServed("one.example");
        awaitServed("two.example");
        awaitServed("three.example");
    }

    @Test
    void waitThatTheCaAsksForEndsByTheClockOfTheCa() throws Exception {
        ca(options -> options);
        configure("", "", SITE);
        AcmeFaults.Rule limit =
                faults.on(AcmeRequest.NEW_ORDER, Fault.rateLimited(new Fault.RetryAfter(Duration.ofHours(1), false)));
        // Of the host, which is three hours behind.
        start(() -> clock.instant().minus(Duration.ofHours(3)));
        await().atMost(SOON).until(() -> limit.happened() > 0);
        await().atMost(SOON)
                .until(() -> run("cert", "plan", "--json") == 0 && nextAttempt().isAfter(clock.instant()));

        assertThat(Duration.between(clock.instant(), nextAttempt()))
                .isBetween(Duration.ofMinutes(58), Duration.ofMinutes(62));
    }

    private Instant nextAttempt() {
        return Instant.parse(JsonParser.parseString(out)
                .getAsJsonObject()
                .getAsJsonArray("sites")
                .get(0)
                .getAsJsonObject()
                .get("next-attempt")
                .getAsString());
    }

    @Test
    void dryRunGoesThroughAWholeIssuanceAtStagingAndInstallsNothing() throws Exception {
        ca(options -> options);
        try (AcmeServer staging = AcmeServer.start(ca, options())) {
            configure(", staging: \"" + staging.directory() + "\"", "", SITE);
            start();
            awaitServed(SITE);
            BigInteger serial = served(SITE);

            assertThat(run("cert", "renew", SITE, "--dry-run")).as(err).isZero();

            assertThat(out).contains("nothing was installed");
            assertThat(staging.counters().certificates()).isEqualTo(1);
            assertThat(acme.counters().certificates()).isEqualTo(1);
            assertThat(served(SITE)).isEqualTo(serial);
            assertThat(installation.generations(SITE)).containsExactly(1);
        }
    }

    @Test
    void failureIsToldToTheHookWithItsFault() throws Exception {
        ca(options -> options.refuse(name -> name.equals("bad.example")));
        configure("", "hooks: { on-failure: [\"" + hook() + "\"] }", SITE, "bad.example");

        start();

        awaitServed(SITE);
        await().atMost(SOON).until(() -> !told().isEmpty());
        assertThat(told().get(0)).startsWith("failed bad.example  name 1");
        assertThat(run("cert", "check")).isEqualTo(1);
        assertThat(out)
                .startsWith("bad.example: no certificate; 1 failed attempt, ")
                .hasLineCount(1);
        assertThat(run("cert", "explain", "bad.example")).isZero();
        assertThat(out)
                .contains("certificate: none; handshakes are refused")
                .containsPattern("failures: 1 in a row; the last at [0-9T:-]+Z \\(fault: name\\): ")
                .containsPattern("next: an attempt at [0-9T:-]+Z \\(in .*\\) at localhost");
        assertThat(run("cert", "renew", "bad.example")).isEqualTo(1);
        assertThat(err).contains("; the fault is with the name, its DNS or its reachability; tried again in ");
    }

    @Test
    void commandsActThroughTheDaemonThatRuns() throws Exception {
        ca(options -> options);
        configure("", "", SITE, "other.example");
        start();
        awaitServed(SITE);
        awaitServed("other.example");
        BigInteger first = served(SITE);

        AtomicReference<BigInteger> seenAtRevocation = new AtomicReference<>();
        before.set(request -> {
            if (request == AcmeRequest.REVOKE_CERTIFICATE) {
                try {
                    seenAtRevocation.set(served(SITE));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });
        assertThat(run("cert", "rekey", SITE)).as(err).isZero();
        assertThat(out).startsWith(SITE + ": rekeyed: from ");
        BigInteger second = lastIssuance().serial();
        assertThat(seenAtRevocation).hasValue(second);
        assertThat(acme.counters().revocations()).isEqualTo(1);
        assertThat(served(SITE)).isEqualTo(second).isNotEqualTo(first);

        // What is revoked is not gone back to.
        assertThat(run("cert", "rollback", SITE)).isNotZero();
        assertThat(run("cert", "renew", SITE)).as(err).isZero();
        assertThat(served(SITE)).isEqualTo(lastIssuance().serial());
        assertThat(run("cert", "rollback", SITE)).as(err).isZero();
        assertThat(served(SITE)).isEqualTo(second);

        assertThat(run("cert", "revoke", SITE, "--reason", "superseded", "--yes"))
                .as(err)
                .isZero();
        assertThat(acme.counters().revocations()).isEqualTo(2);
        assertThat(served(SITE)).isEqualTo(lastIssuance().serial()).isNotEqualTo(second);
    }

    @Test
    void accountIsShownAndHasANewKeyThatTheNextRenewalIsMadeWith() throws Exception {
        ca(options -> options);
        configure("", "", SITE);
        start();
        awaitServed(SITE);
        assertThat(run("cert", "account", "show")).as(err).isZero();
        assertThat(out).contains("valid", lastIssuance().account(), "mailto:ops@example.com");

        assertThat(run("cert", "account", "rollover", "elsewhere")).isEqualTo(64);
        assertThat(run("cert", "account", "rollover")).as(err).isZero();
        assertThat(asked(AcmeRequest.KEY_CHANGE)).isEqualTo(1);

        assertThat(run("cert", "renew", SITE)).as(err).isZero();
        assertThat(served(SITE)).isEqualTo(lastIssuance().serial());
        assertThat(acme.counters().accounts()).isEqualTo(1);
    }

    @Test
    void rekeyWithoutADaemonRevokesOnlyWhatAClientSeesNoMore() throws Exception {
        ca(options -> options);
        configure("", "", SITE);
        assertThat(run("cert", "issue")).as(err).isZero();
        AtomicReference<BigInteger> seenAtRevocation = new AtomicReference<>();
        before.set(request -> {
            if (request == AcmeRequest.REVOKE_CERTIFICATE) {
                try {
                    seenAtRevocation.set(served(SITE));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });

        assertThat(run("cert", "rekey", SITE)).as(err).isZero();

        assertThat(seenAtRevocation).hasValue(lastIssuance().serial());
        assertThat(acme.counters().revocations()).isEqualTo(1);
    }

    @Test
    void daemonThatIsStoppedDuringACommandEndsItAndTheNextOneTakesTheOrderUp() throws Exception {
        ca(options -> options);
        configure("", "", SITE);
        CountDownLatch stopped = new CountDownLatch(1);
        try (PosternProcess daemon = installation.runUntilReady()) {
            awaitServed(SITE);
            CountDownLatch asked = new CountDownLatch(1);
            before.set(request -> {
                if (request == AcmeRequest.FINALIZE) {
                    asked.countDown();
                    try {
                        assertThat(stopped.await(30, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            });
            Future<Integer> command = executor.submit(() -> run("cert", "renew", SITE));
            assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();

            daemon.terminate();

            int code = command.get(30, TimeUnit.SECONDS);
            assertThat(code).as(err).isEqualTo(69);
            assertThat(err).containsAnyOf("the daemon is stopping", "the daemon ended before it answered");
            assertThat(daemon.awaitExit()).isZero();
        } finally {
            before.set(request -> {});
            stopped.countDown();
        }
        assertThat(installation.site(SITE).resolve("order.json")).exists();
        long orders = acme.counters().orders();

        start();
        assertThat(run("cert", "renew", SITE)).as(err).isZero();

        assertThat(acme.counters().orders()).isEqualTo(orders);
        assertThat(installation.generations(SITE)).containsExactly(1, 2);
        awaitServed(SITE);
    }

    @Test
    void onlyYesAtTheTerminalRevokes() throws Exception {
        Path script = RealPrograms.require("script", "bsdutils");
        ca(options -> options);
        configure("", "", SITE);
        start();
        awaitServed(SITE);

        assertThat(atTerminal(script, "no\n")).isEqualTo(1);
        assertThat(out).contains("Revoke the certificate of " + SITE + ", for good? [yes/no] ", "nothing is revoked");
        assertThat(acme.counters().revocations()).isZero();
        assertThat(atTerminal(script, "yes\n")).as(out).isZero();
        assertThat(out).contains(SITE + ": revoked and replaced: from ");
        assertThat(acme.counters().revocations()).isEqualTo(1);
    }

    private int atTerminal(Path script, String answer) throws Exception {
        String command = String.join(
                " ",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                "'" + System.getProperty("java.class.path") + "'",
                "dev.postern.cli.Main cert revoke " + SITE + " --reason superseded -c",
                installation.configuration().toString());
        Process process = new ProcessBuilder(script.toString(), "-qec", command, "/dev/null")
                .redirectErrorStream(true)
                .start();
        try (OutputStream keyboard = process.getOutputStream()) {
            keyboard.write(answer.getBytes(StandardCharsets.UTF_8));
            keyboard.flush();
            out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }
}
