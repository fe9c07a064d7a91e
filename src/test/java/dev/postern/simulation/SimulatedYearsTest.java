package dev.postern.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A thousand years of sites in worlds where everything goes wrong at random. {@code -Dpostern.simulation.site-years=N} for
 * more, {@code -Dpostern.simulation.seed=S} for others, {@code -Dpostern.simulation.world=W} for one world alone, whose
 * whole history is then written to {@code target/simulation-W.txt}.
 */
@Tag("long")
@Tag("years")
class SimulatedYearsTest {
    private static final int SITE_YEARS = Integer.getInteger("postern.simulation.site-years", 1000);
    private static final int SEED = Integer.getInteger("postern.simulation.seed", 1);
    private static final int ONLY = Integer.getInteger("postern.simulation.world", -1);

    private static final int SITES_OF_FIVE_WORLDS = 25;

    /**
     * A third of the worlds with renewal information, RFC 9773, another third with a profile; half of them with staging
     * directories. Of 25 site-years 18 with 90 days, 6 with 45 days, 1 with
     * 160 hours, which is renewed eighteen times as often.
     */
    static Scenario scenario(int world) {
        Faults faults = world % 2 == 0 ? Faults.SOME : Faults.MANY;
        Duration lifetime = switch (world % 5) {
            case 0 -> Duration.ofHours(160);
            case 1 -> Duration.ofDays(45);
            default -> Duration.ofDays(90);
        };
        return Scenario.quiet(SEED + world, lifetime)
                .sites(world % 5 == 0 ? 1 : 6)
                .with(faults)
                .staging(world % 4 < 2)
                .profile(world % 3 == 1 ? "tlsserver" : null)
                .renewalInformation(world % 3 == 2);
    }

    @Test
    void noPromiseIsBrokenInAThousandYears() throws Exception {
        if (ONLY >= 0) {
            assertKept(ONLY, told(ONLY));
            return;
        }
        int worlds = SITE_YEARS * 5 / SITES_OF_FIVE_WORLDS;
        AtomicInteger next = new AtomicInteger();
        ExecutorService threads = Executors.newCachedThreadPool();
        long begun = System.nanoTime();
        try {
            List<Future<List<Outcome>>> workers = new ArrayList<>();
            for (int i = 0; i < Math.max(1, Math.min(8, Runtime.getRuntime().availableProcessors())); i++) {
                workers.add(threads.submit(() -> work(threads, next, worlds)));
            }
            List<Outcome> all = new ArrayList<>();
            for (Future<List<Outcome>> worker : workers) {
                all.addAll(worker.get());
            }
            report(all, Duration.ofNanos(System.nanoTime() - begun));
            assertThat(all).hasSize(worlds);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError broken) {
                throw broken;
            }
            throw e;
        } finally {
            threads.shutdown();
        }
    }

    private static List<Outcome> work(ExecutorService threads, AtomicInteger next, int worlds) throws IOException {
        List<Outcome> outcomes = new ArrayList<>();
        for (int world = next.getAndIncrement(); world < worlds; world = next.getAndIncrement()) {
            Outcome outcome = new Simulation(threads).run(scenario(world));
            assertKept(world, outcome);
            outcomes.add(outcome);
        }
        return outcomes;
    }

    private static void assertKept(int world, Outcome outcome) {
        assertThat(outcome.violation())
                .as(
                        "again, with its whole history: ./mvnw test -Dtest=SimulatedYearsTest"
                                + " -Dpostern.simulation.seed=%d -Dpostern.simulation.world=%d",
                        SEED, world)
                .isNull();
    }

    private static Outcome told(int world) throws IOException {
        ExecutorService threads = Executors.newCachedThreadPool();
        Path file = Path.of("target", "simulation-" + world + ".txt");
        try (var lines = Files.newBufferedWriter(file)) {
            return new Simulation(threads).run(scenario(world), line -> {
                try {
                    lines.write(line);
                    lines.newLine();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } finally {
            threads.shutdown();
        }
    }

    private static void report(List<Outcome> all, Duration took) {
        double years = all.stream()
                .mapToDouble(outcome -> outcome.scenario().sites()
                        * (double) outcome.scenario().span().toDays()
                        / 365)
                .sum();
        System.out.printf(
                "%.0f site-years in %d s: %.1f a second; %d certificates, %d requests, %d orders, %d deaths, %d gaps,"
                        + " %d refused, least life left %.3f%n",
                years,
                took.toSeconds(),
                years / Math.max(1, took.toSeconds()),
                all.stream().mapToInt(Outcome::certificates).sum(),
                all.stream().mapToLong(Outcome::requests).sum(),
                all.stream().mapToInt(Outcome::orders).sum(),
                all.stream().mapToInt(Outcome::deaths).sum(),
                all.stream().mapToInt(outcome -> outcome.gaps().size()).sum(),
                all.stream().mapToInt(Outcome::refused).sum(),
                all.stream().mapToDouble(Outcome::leastLeft).min().orElse(1));
    }
}
