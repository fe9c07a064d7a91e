package dev.postern.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.postern.testing.TestSite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * HAProxy, nginx, Caddy and Postern do the same job, side by side: what one sends them and what a server answers is a file
 * of {@code src/test/resources/peers}, and where Postern differs from all three the table beside it says why. What arrives in
 * pieces has to come out as if it were whole. {@code target/peers.txt} has all outcomes.
 */
@Tag("long") // Each case that says nothing takes a second at each of four proxies, and each cut a round trip.
class BesideThePeersTest {
    private static final Path FOLDER = Path.of("src/test/resources/peers");
    private static final Path TABLE = FOLDER.resolve("differences.txt");

    /** Only cases whose names contain this. */
    private static final String ONLY = System.getProperty("peers.only", "");

    private static final List<PeerCase> CASES = PeerCase.all(FOLDER).stream()
            .filter(each -> each.name().contains(ONLY))
            .toList();
    /** So many of them are asked of each proxy before all. */
    private static final int WARM = 20;

    private static final Map<String, Map<String, Outcome>> OUTCOMES = new ConcurrentHashMap<>();
    private static final List<Peer> PEERS = new ArrayList<>();
    private static Path folder;

    @BeforeAll
    static void runAll() throws Exception {
        folder = Files.createTempDirectory("postern-peers");
        TestSite site = new TestSite(folder);
        Peer.Certificate certificate = Peer.Certificate.make(folder, site);
        PEERS.add(Peer.haproxy(folder, site, certificate, 8));
        PEERS.add(Peer.nginx(folder, site, certificate, 8));
        PEERS.add(Peer.caddy(folder, site, certificate, 8));
        PEERS.add(Peer.postern(folder, site, certificate, 3));
        CASES.forEach(each -> OUTCOMES.put(each.name(), new ConcurrentHashMap<>()));
        // The first requests of a process that has just started take it as long as they take: they are asked twice.
        runEach(CASES.stream().limit(WARM).toList());
        runEach(CASES);
        report();
    }

    private static void runEach(List<PeerCase> cases) throws InterruptedException {
        List<Runner> runners = new ArrayList<>();
        for (Peer peer : PEERS) {
            List<Job> jobs = new ArrayList<>();
            for (PeerCase each : cases) {
                jobs.add(lane -> OUTCOMES.get(each.name()).put(peer.name(), lane.whole(each)));
            }
            runners.add(new Runner(peer, jobs));
        }
        for (Runner runner : runners) {
            runner.await();
        }
    }

    @AfterAll
    static void stopAll() throws Exception {
        for (Peer peer : PEERS) {
            peer.close();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        }
    }

    // ---- beside the peers

    @TestFactory
    Stream<DynamicTest> posternDiffersFromAllOnlyWhereTheTableSaysWhy() {
        Differences table = Differences.read(TABLE);
        return CASES.stream()
                .map(each -> dynamicTest(each.name(), () -> {
                    List<String> unexplained = differences(each).stream()
                            .filter(line -> !table.reasons().containsKey(line))
                            .toList();

                    assertThat(unexplained).as(told(each).toString()).isEmpty();
                }));
    }

    @Test
    void tableHasNoLineThatIsNotSo() {
        Set<String> found = new HashSet<>();
        CASES.forEach(each -> found.addAll(differences(each)));
        List<String> stale = Differences.read(TABLE).reasons().keySet().stream()
                .filter(line -> line.contains(ONLY) && !found.contains(line))
                .toList();

        assertThat(stale).isEmpty();
    }

    private static Map<String, Outcome> told(PeerCase each) {
        return new TreeMap<>(OUTCOMES.get(each.name()));
    }

    /** The lines that the table must have for this case. */
    private static List<String> differences(PeerCase each) {
        Outcome postern = told(each).get("postern");
        List<Outcome> peers = told(each).entrySet().stream()
                .filter(entry -> !entry.getKey().equals("postern"))
                .map(Map.Entry::getValue)
                .toList();
        List<String> lines = new ArrayList<>();
        for (String aspect : List.of(Outcome.ANSWERS, Outcome.REQUESTS)) {
            List<Outcome> alike = alike(peers, postern, aspect);
            if (alike.isEmpty()) {
                lines.add(Differences.line(each, aspect, postern));
                return lines;
            }
            peers = alike;
        }
        // The rest is compared with those only that have understood the same.
        Set<String> aspects = new TreeSet<>(postern.names());
        peers.forEach(peer -> aspects.addAll(peer.names()));
        for (String aspect : aspects) {
            if (alike(peers, postern, aspect).isEmpty()) {
                lines.add(Differences.line(each, aspect, postern));
            }
        }
        return lines;
    }

    private static List<Outcome> alike(List<Outcome> peers, Outcome postern, String aspect) {
        return peers.stream()
                .filter(peer -> peer.get(aspect).equals(postern.get(aspect)))
                .toList();
    }

    private static void report() throws IOException {
        StringBuilder text = new StringBuilder();
        for (PeerCase each : CASES) {
            text.append(each.name()).append('\n');
            told(each).forEach((peer, outcome) -> text.append("    %-8s %s%n".formatted(peer, outcome)));
            differences(each).forEach(line -> text.append("  ! ").append(line).append('\n'));
        }
        Files.writeString(Path.of("target/peers.txt"), text);
    }

    // ---- in pieces

    @Test
    void whatArrivesInPiecesComesOutAsIfItWereWhole() throws Exception {
        ConcurrentLinkedQueue<String> different = new ConcurrentLinkedQueue<>();
        List<Job> jobs = new ArrayList<>();
        Set<String> cut = new HashSet<>();
        for (PeerCase each : CASES.stream().filter(PeerCase::hasPieces).toList()) {
            Outcome whole = told(each).get("postern");
            Pieced pieced = new Pieced(each, whole, different);
            jobs.add(lane -> pieced.compare("byte by byte", () -> lane.byteByByte(each)));
            if (whole.get(Outcome.END).equals("waits")) {
                // Each would take a second.
                continue;
            }
            for (int offset : Offsets.ofRequest(each, cut)) {
                jobs.add(lane -> pieced.compare("request cut at " + offset, () -> lane.requestCut(each, offset)));
            }
            for (int offset : Offsets.ofAnswer(each, cut)) {
                jobs.add(lane -> pieced.compare("answer cut at " + offset, () -> lane.answerCut(each, offset)));
            }
        }
        new Runner(PEERS.get(PEERS.size() - 1), jobs).await();

        assertThat(different).as(jobs.size() + " times in pieces").isEmpty();
    }

    /** One case against itself. */
    private static final class Pieced {
        /** So many ways in which it fails are enough: each may take a second. */
        private static final int ENOUGH = 3;

        @FunctionalInterface
        interface Attempt {
            Outcome come() throws IOException;
        }

        private final PeerCase sent;
        private final Outcome whole;
        private final Collection<String> different;
        private final AtomicInteger failures = new AtomicInteger();

        Pieced(PeerCase sent, Outcome whole, Collection<String> different) {
            this.sent = sent;
            this.whole = whole;
            this.different = different;
        }

        void compare(String how, Attempt attempt) throws IOException {
            if (failures.get() >= ENOUGH) {
                return;
            }
            Outcome pieces = attempt.come();
            if (!pieces.isAsGoodAs(whole)) {
                failures.incrementAndGet();
                different.add("%s, %s:%n  whole:  %s%n  pieces: %s".formatted(sent.name(), how, whole, pieces));
            }
        }
    }

    @Test
    void noBufferLeaks() {
        List<String> lines = PEERS.get(PEERS.size() - 1).lines();

        assertThat(lines).noneMatch(line -> line.contains("LEAK"));
    }

    // ---- vocabulary

    @FunctionalInterface
    private interface Job {
        void on(Lane lane) throws IOException;
    }

    /** Does all jobs of one proxy, one at a time on each of its lanes. */
    private static final class Runner {
        private final List<Thread> threads = new ArrayList<>();
        private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

        Runner(Peer peer, List<Job> jobs) {
            BlockingQueue<Job> waiting = new LinkedBlockingQueue<>(jobs);
            for (Lane lane : peer.lanes()) {
                Thread thread = new Thread(() -> work(waiting, lane), peer.name());
                thread.start();
                threads.add(thread);
            }
        }

        private void work(BlockingQueue<Job> waiting, Lane lane) {
            for (Job job = waiting.poll(); job != null; job = waiting.poll()) {
                try {
                    job.on(lane);
                } catch (IOException | RuntimeException e) {
                    failures.add(e);
                }
            }
        }

        void await() throws InterruptedException {
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
        }
    }
}
