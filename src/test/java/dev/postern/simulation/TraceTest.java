package dev.postern.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A seed that somebody reports is worth something only where it shows the same to everybody. */
@Tag("long")
class TraceTest {
    private static final Scenario SCENARIO = Scenario.quiet(7, Duration.ofDays(45))
            .span(Duration.ofDays(100))
            .sites(2)
            .staging(true)
            .profile("tlsserver")
            .renewalInformation(true)
            .with(Faults.MANY);

    /** Run in a process of its own, too. */
    public static final class Digest {
        private Digest() {}

        public static void main(String[] arguments) throws IOException {
            System.setProperty("org.slf4j.simpleLogger.log.dev.postern", "off");
            System.out.println(digest(SCENARIO));
        }
    }

    private static String digest(Scenario scenario) throws IOException {
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            int[] lines = {0};
            new Simulation(threads).run(scenario, line -> {
                lines[0]++;
                digest.update((line + "\n").getBytes(StandardCharsets.UTF_8));
            });
            return lines[0] + " lines, " + HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void sameSeedGivesTheSameTraceAndAnotherSeedAnother() throws IOException {
        String trace = digest(SCENARIO);

        assertThat(digest(SCENARIO)).isEqualTo(trace);
        assertThat(digest(SCENARIO.seed(8))).isNotEqualTo(trace);
    }

    @Test
    void sameSeedGivesTheSameTraceOnEveryJdk() throws Exception {
        List<Path> others = otherJdks();
        Assumptions.assumeFalse(others.isEmpty(), "no other JDK beside this one in /usr/lib/jvm");
        String trace = digest(SCENARIO);
        for (Path jdk : others) {
            Process process = new ProcessBuilder(
                            jdk.resolve("bin/java").toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Digest.class.getName())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String other = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(other.strip()).as(jdk.toString()).isEqualTo(trace);
        }
    }

    /** One of each feature version, where Debian and the others put them. */
    private static List<Path> otherJdks() throws IOException {
        Path all = Path.of("/usr/lib/jvm");
        if (!Files.isDirectory(all)) {
            return List.of();
        }
        int own = Runtime.version().feature();
        try (Stream<Path> homes = Files.list(all)) {
            return homes
                    .filter(home -> Files.isExecutable(home.resolve("bin/java")))
                    .filter(home -> version(home) >= 17 && version(home) != own)
                    .collect(Collectors.toMap(TraceTest::version, home -> home, (one, same) -> one))
                    .values()
                    .stream()
                    .toList();
        }
    }

    private static int version(Path home) {
        try {
            return Files.readAllLines(home.resolve("release")).stream()
                    .filter(line -> line.startsWith("JAVA_VERSION=\""))
                    .mapToInt(line ->
                            Integer.parseInt(line.replaceAll("[^0-9.]", "").replaceAll("\\..*", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
