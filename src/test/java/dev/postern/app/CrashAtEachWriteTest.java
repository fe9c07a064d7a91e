package dev.postern.app;

import static dev.postern.app.CrashTest.SITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeCounters;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * kill -9 in front of every call that changes what is in the store, the process traced by strace: which calls there are
 * is found out by a run that is left alone, so that none is forgotten when the code changes. Two crashes at a time.
 */
@Tag("long")
class CrashAtEachWriteTest {
    private static final Pattern CALL = Pattern.compile("(?<thread>\\d+) +(?<name>[a-z0-9]+)\\((?<arguments>.*)");
    private static final Pattern PATH = Pattern.compile("[\"<](?<path>/[^\">]*)[\">]");
    private static final String CALLS =
            "?rename,renameat,renameat2,?symlink,symlinkat,?unlink,unlinkat,fsync,fdatasync";

    /** Stands for the port of the CA, which is part of the name of its folder and another one each time. */
    private static final String PORT = "PORT";

    /** Of the calls that only make durable what is there; a killed process leaves the same behind in front of the next one. */
    private static final int EVERY_SYNC = 12;

    /** They are those of a first certificate; SimulationTest dies at each of them. */
    private static final int EVERY_CHANGE_OF_A_RENEWAL = 3;

    @TempDir
    private Path directory;

    /**
     * One call.
     *
     * @param path in the store, relative
     * @param time how often the thread has made that call with that path, this one counted
     */
    private record Write(String call, String path, int time) {}

    /**
     * What came of it.
     *
     * @param isKilled false where the call was not made that time
     */
    private record Crash(boolean isKilled, AcmeCounters counters) {}

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void certificateThatWasIssuedIsServedAndOneOrderIsLostAtMost(boolean renewal) throws Exception {
        RealPrograms.require("strace", "strace");
        List<Write> writes = new Run(directory.resolve("alone"), renewal).observe();
        assertThat(writes)
                .extracting(Write::path)
                .contains(
                        SITE + "/order.json",
                        SITE + "/.new-order.json",
                        SITE + "/.new-" + (renewal ? "2" : "1"),
                        SITE + "/.new-current",
                        SITE + "/.new-renewal.json");

        List<Write> chosen = new ArrayList<>();
        int syncs = 0;
        int changes = 0;
        for (Write write : writes) {
            boolean isOfTheCare = write.path().startsWith(SITE) || write.path().startsWith("accounts");
            if (isOfTheCare
                    && (write.call().endsWith("sync")
                            ? syncs++ % EVERY_SYNC == 0
                            : changes++ % (renewal ? EVERY_CHANGE_OF_A_RENEWAL : 1) == 0)) {
                chosen.add(write);
            }
        }
        ExecutorService twoAtATime = Executors.newFixedThreadPool(2);
        try {
            Map<Write, Future<Crash>> outcomes = new HashMap<>();
            for (Write write : chosen) {
                Path own = directory.resolve("crash-" + outcomes.size());
                outcomes.put(write, twoAtATime.submit(() -> new Run(own, renewal).crash(write)));
            }
            long before = renewal ? 1 : 0;
            int killed = 0;
            for (Write write : chosen) {
                Crash crash = Objects.requireNonNull(outcomes.get(write)).get();
                killed += crash.isKilled() ? 1 : 0;
                AcmeCounters counters = crash.counters();
                assertThat(counters.accounts()).as("accounts, %s", write).isEqualTo(1);
                assertThat(counters.certificates())
                        .as("certificates, %s", write)
                        .isEqualTo(before + 1);
                assertThat(counters.orders()).as("orders, %s", write).isBetween(before + 1, before + 2);
            }
            assertThat(killed).as("killed").isEqualTo(chosen.size());
        } finally {
            twoAtATime.shutdownNow();
            assertThat(twoAtATime.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
    }

    /** A CA and a Postern of their own. */
    private static final class Run {
        /** Three quarters of it are over when the renewal is looked at: due, and not urgent. */
        private static final Duration LIFE = Duration.ofHours(1);

        private static final Duration AGE = Duration.ofMinutes(45);

        private final Path directory;
        private final boolean isRenewal;
        private final Installation installation;
        private String historyBefore = "";
        private final AtomicReference<Duration> ago = new AtomicReference<>(Duration.ZERO);

        Run(Path directory, boolean isRenewal) throws IOException {
            this.directory = Files.createDirectories(directory);
            this.isRenewal = isRenewal;
            this.installation = new Installation(directory);
        }

        private interface Steps<T> {
            T take(InternalCa ca, AcmeServer acme) throws Exception;
        }

        /** The calls of a run that is left alone. */
        List<Write> observe() throws Exception {
            return withCa((ca, acme) -> {
                Path log = directory.resolve("strace.log");
                try (PosternProcess process = trace(List.of("-y", "-e", "trace=" + CALLS, "-o", log.toString()))) {
                    endWhenDone(process);
                }
                // All of it is there: the output of the process ends when strace has ended, too.
                return read(log, acme);
            });
        }

        /** Killed in front of that call, and started again. */
        Crash crash(Write write) throws Exception {
            return withCa((ca, acme) -> {
                boolean isKilled;
                try (PosternProcess process = trace(List.of(
                        "-o/dev/null",
                        "-e",
                        "trace=" + write.call(),
                        "-P",
                        installation
                                .store()
                                .resolve(write.path().replace(PORT, port(acme)))
                                .toString(),
                        "-e",
                        "inject=" + write.call() + ":signal=KILL:when=" + write.time()))) {
                    isKilled = endWhenDone(process) == 128 + 9;
                }
                CrashTest.assertWhole(installation);

                Edge edge = edge(Clock.systemUTC());
                try {
                    if (isRenewal) {
                        assertThat(installation.serves(SITE, Trust.root(ca)))
                                .as("served at once")
                                .isTrue();
                    }
                    await().atMost(Duration.ofSeconds(30))
                            .pollInterval(Duration.ofMillis(50))
                            .until(() -> isDone(last()));
                    CrashTest.assertWhole(installation);
                    X509Certificate current = CrashTest.certificate(
                                    installation.site(SITE).resolve("current"))
                            .leaf();
                    await().until(() -> installation.serves(SITE, Trust.root(ca))
                            && installation.served(SITE, Trust.root(ca)).equals(current));
                } finally {
                    edge.close();
                }
                return new Crash(isKilled, acme.counters());
            });
        }

        private <T> T withCa(Steps<T> steps) throws Exception {
            SecureRandom random = new SecureRandom();
            InstantSource clock = () -> Instant.now().minus(ago.get());
            ago.set(isRenewal ? AGE : Duration.ZERO);
            InternalCa ca = InternalCa.open(directory.resolve("ca"), clock, random);
            ExecutorService executor = Executors.newCachedThreadPool();
            try (AcmeServer acme = AcmeServer.start(
                    ca,
                    new AcmeOptions(executor, clock, random)
                            .validationPort(installation.httpPort())
                            .certificateValidity(LIFE)
                            .resolver(name -> List.of(InetAddress.getLoopbackAddress())))) {
                installation.configure(acme.directory(), ca.rootFile(), SITE);
                if (isRenewal) {
                    Edge edge = edge(Clock.offset(Clock.systemUTC(), AGE.negated()));
                    try {
                        await().atMost(Duration.ofSeconds(30)).until(() -> isDone(1));
                    } finally {
                        edge.close();
                    }
                    ago.set(Duration.ZERO);
                }
                historyBefore = installation.renewal(SITE);
                return steps.take(ca, acme);
            } finally {
                executor.shutdownNow();
            }
        }

        private Edge edge(Clock clock) throws Exception {
            return Edge.start(ConfigurationFile.read(installation.configuration()), Daemon.schedule(), clock);
        }

        /**
         * The process is Postern's own, with strace as a grandchild: whatever ends the one ends the other. Not with
         * seccomp, which is faster and does not inject signals.
         */
        private PosternProcess trace(List<String> options) {
            List<String> command = new ArrayList<>(List.of("strace", "-D", "-f", "-qq"));
            command.addAll(options);
            return PosternProcess.startUnder(
                    command,
                    directory,
                    List.of(),
                    "run",
                    "-c",
                    installation.configuration().toString());
        }

        /** Its exit code. */
        private int endWhenDone(PosternProcess process) {
            await().atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(50))
                    .until(() -> !process.isAlive()
                            || (isDone(last()) && !installation.renewal(SITE).equals(historyBefore)));
            if (process.isAlive()) {
                process.terminate();
            }
            return process.awaitExit();
        }

        private int last() {
            return isRenewal ? 2 : 1;
        }

        private boolean isDone(int generation) throws IOException {
            Path current = installation.site(SITE).resolve("current");
            return Files.isSymbolicLink(current)
                    && Files.readSymbolicLink(current).toString().equals(Integer.toString(generation))
                    && !Files.exists(installation.site(SITE).resolve("order.json"));
        }

        private List<Write> read(Path log, AcmeServer acme) throws IOException {
            String store = installation.store() + "/";
            Map<String, Integer> times = new HashMap<>();
            List<Write> writes = new ArrayList<>();
            for (String line : Files.readAllLines(log)) {
                Matcher call = CALL.matcher(line);
                if (!call.matches()) {
                    continue;
                }
                // Of two paths the first one: strace does not look at the second.
                Matcher first = PATH.matcher(call.group("arguments"));
                if (first.find() && first.group("path").startsWith(store)) {
                    String path = first.group("path").substring(store.length()).replace(port(acme), PORT);
                    String name = call.group("name");
                    int time = times.merge(call.group("thread") + name + path, 1, Integer::sum);
                    writes.add(new Write(name, path, time));
                }
            }
            return writes;
        }

        private static String port(AcmeServer acme) {
            return Integer.toString(acme.directory().getPort());
        }
    }
}
