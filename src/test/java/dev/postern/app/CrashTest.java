package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeCounters;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeProbe;
import dev.postern.ca.acme.AcmeRequest;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * kill -9 at every step of an order, and a start after it: the site has a certificate in the end, nothing is ever half
 * there, and nothing that the CA gave is lost. Each crash is one process killed, and a start in this process; two crashes at a time.
 */
@Tag("long")
class CrashTest {
    static final String SITE = "site.example";

    /** How often the CA may be asked for an order: a crash between its answer and our journal costs one. */
    private static final int ORDERS = 2;

    private static final Clock CLOCK = Clock.systemUTC();
    private static final ExecutorService TWO_AT_A_TIME = Executors.newFixedThreadPool(2);
    private static final Map<Moment, Future<Outcome>> OUTCOMES = new LinkedHashMap<>();

    /** When the process is killed. */
    sealed interface Moment {
        /** The CA has the request and has not looked at it. */
        record Before(AcmeRequest request) implements Moment {}

        /** The CA has done what it was asked for and has not answered. */
        record After(AcmeRequest request) implements Moment {}
    }

    /** What there is after the second start. */
    private record Outcome(AcmeCounters counters, List<Integer> generations) {}

    static List<Moment> requests() {
        return Stream.of(
                        AcmeRequest.NEW_NONCE,
                        AcmeRequest.NEW_ACCOUNT,
                        AcmeRequest.NEW_ORDER,
                        AcmeRequest.AUTHORIZATION,
                        AcmeRequest.CHALLENGE,
                        AcmeRequest.ORDER)
                .flatMap(request -> Stream.<Moment>of(new Moment.Before(request), new Moment.After(request)))
                .toList();
    }

    /**
     * From the request that makes the CA issue on, the certificate may exist. The writes that follow are those of {@link
     * CrashAtEachWriteTest}.
     */
    static List<Moment> lastSteps() {
        return List.of(
                new Moment.Before(AcmeRequest.FINALIZE),
                new Moment.After(AcmeRequest.FINALIZE),
                new Moment.Before(AcmeRequest.CERTIFICATE),
                new Moment.After(AcmeRequest.CERTIFICATE));
    }

    @BeforeAll
    static void crash(@TempDir Path directory) {
        List<Moment> moments = new ArrayList<>(requests());
        moments.addAll(lastSteps());
        for (Moment moment : moments) {
            Path own = directory.resolve("crash-" + OUTCOMES.size());
            OUTCOMES.put(moment, TWO_AT_A_TIME.submit(() -> crash(own, moment)));
        }
        TWO_AT_A_TIME.shutdown();
    }

    @AfterAll
    static void awaitLastCrash() throws InterruptedException {
        TWO_AT_A_TIME.shutdownNow();
        assertThat(TWO_AT_A_TIME.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
    }

    @ParameterizedTest
    @MethodSource("requests")
    void orderGoesOnWhereItWasOrBeginsOnceMore(Moment moment) throws Exception {
        Outcome outcome = outcome(moment);

        assertThat(outcome.counters().orders()).isLessThanOrEqualTo(ORDERS);
    }

    @ParameterizedTest
    @MethodSource("lastSteps")
    void certificateThatWasIssuedIsTheOneServed(Moment moment) throws Exception {
        Outcome outcome = outcome(moment);

        assertThat(outcome.counters().orders()).isEqualTo(1);
    }

    /** One account and one certificate whatever the moment: the one that is served and that the store has. */
    private static Outcome outcome(Moment moment) throws Exception {
        Outcome outcome = Objects.requireNonNull(OUTCOMES.get(moment)).get();
        assertThat(outcome.counters().accounts()).as("accounts").isEqualTo(1);
        assertThat(outcome.counters().certificates()).as("certificates").isEqualTo(1);
        assertThat(outcome.generations()).containsExactly(1);
        return outcome;
    }

    private static Outcome crash(Path directory, Moment moment) throws Exception {
        Installation installation = new Installation(Files.createDirectories(directory));
        SecureRandom random = new SecureRandom();
        InternalCa ca = InternalCa.open(directory.resolve("ca"), CLOCK, random);
        Kill kill = new Kill(moment);
        ExecutorService executor = Executors.newCachedThreadPool();
        try (AcmeServer acme = AcmeServer.start(
                ca,
                new AcmeOptions(executor, CLOCK, random)
                        .validationPort(installation.httpPort())
                        .resolver(name -> List.of(InetAddress.getLoopbackAddress()))
                        .probe(kill))) {
            installation.configure(acme.directory(), ca.rootFile(), SITE);
            try (PosternProcess process = installation.run()) {
                kill.victim.complete(process);
                kill.awaitDone(process);
            }
            assertWhole(installation);

            // The start after it in this process: the files are all it has of the one that was killed.
            Edge edge = Edge.start(
                    ConfigurationFile.read(installation.configuration()), Daemon.schedule(), Clock.systemUTC());
            try {
                await().atMost(Duration.ofSeconds(30))
                        .pollInterval(Duration.ofMillis(50))
                        .until(() -> installation.serves(SITE, Trust.root(ca)));
                X509Certificate served = installation.served(SITE, Trust.root(ca));
                await().until(() -> !Files.exists(installation.site(SITE).resolve("order.json")));
                assertWhole(installation);
                assertThat(certificate(installation.site(SITE).resolve("current"))
                                .leaf())
                        .isEqualTo(served);
                return new Outcome(acme.counters(), installation.generations(SITE));
            } finally {
                edge.close();
            }
        } finally {
            executor.shutdownNow();
        }
    }

    /** Every generation that can be seen can be served, and {@code current} is one of them. */
    static void assertWhole(Installation installation) throws IOException, CertificateException {
        Path site = installation.site(SITE);
        if (!Files.exists(site)) {
            return;
        }
        for (int number : installation.generations(SITE)) {
            Certificate certificate = certificate(site.resolve(Integer.toString(number)));
            assertThat(certificate.names()).containsExactly(SITE);
            assertThat(certificate.isExpired(Instant.now())).isFalse();
        }
        Path current = site.resolve("current");
        if (Files.exists(current, LinkOption.NOFOLLOW_LINKS)) {
            assertThat(installation.generations(SITE))
                    .contains(Integer.valueOf(Files.readSymbolicLink(current).toString()));
        }
    }

    /** Fails where anything of the generation is missing or does not fit the rest. */
    static Certificate certificate(Path generation) throws IOException, CertificateException {
        String fullchain = Files.readString(generation.resolve("fullchain.pem"));
        assertThat(fullchain)
                .isEqualTo(Files.readString(generation.resolve("cert.pem"))
                        + Files.readString(generation.resolve("chain.pem")));
        assertThat(generation.resolve("meta.json")).isNotEmptyFile();
        return Certificate.of(
                SITE,
                "",
                Pem.readKey(Files.readString(generation.resolve("privkey.pem"))),
                Pem.readCertificates(fullchain));
    }

    /** Kills a process once, at its moment. */
    private static final class Kill implements AcmeProbe {
        final CompletableFuture<PosternProcess> victim = new CompletableFuture<>();
        private final Moment moment;
        private final AtomicBoolean isDue = new AtomicBoolean(true);
        private final CountDownLatch done = new CountDownLatch(1);

        Kill(Moment moment) {
            this.moment = moment;
        }

        @Override
        public void before(AcmeRequest request) throws Exception {
            if (moment.equals(new Moment.Before(request)) && isDue.getAndSet(false)) {
                kill();
                throw new IOException("nobody is there to be answered");
            }
        }

        @Override
        public void after(AcmeRequest request, int status) throws Exception {
            if (moment.equals(new Moment.After(request)) && isDue.getAndSet(false)) {
                kill();
                throw new IOException("nobody is there to be answered");
            }
        }

        private void kill() {
            victim.join().kill();
            done.countDown();
        }

        void awaitDone(PosternProcess process) throws InterruptedException {
            if (!done.await(3, TimeUnit.MINUTES)) {
                throw new AssertionError(moment + " never came; printed:\n" + String.join("\n", process.lines()));
            }
        }
    }
}
