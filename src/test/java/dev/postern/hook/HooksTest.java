package dev.postern.hook;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.certificate.care.CertificateEvents.Failed;
import dev.postern.certificate.care.CertificateEvents.Overdue;
import dev.postern.certificate.care.CertificateEvents.Renewed;
import dev.postern.certificate.issuer.IssueFailure.Fault;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.Configuration;
import dev.postern.config.Secret;
import dev.postern.config.Site;
import dev.postern.testing.CapturedLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real shell scripts; the executor and the timer move when the test says so. */
class HooksTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path directory;

    private final Deque<Runnable> toRun = new ArrayDeque<>();
    private final List<Duration> waits = new ArrayList<>();
    private final Deque<Runnable> timers = new ArrayDeque<>();

    @Test
    void factsAreInTheEnvironmentAndOnStandardInput() throws IOException {
        Path seen = directory.resolve("seen");
        Path script = script("env | grep ^POSTERN_ | sort > " + seen + "; cat > " + seen + ".json");
        Hooks hooks = hooks(script, script, script);

        hooks.renewed(new Renewed(
                "example.com",
                List.of("example.com", "*.example.com"),
                "letsencrypt",
                "3a",
                NOW,
                NOW.plus(Duration.ofDays(90)),
                "/certs/example.com/7"));
        runAll();

        assertThat(Files.readAllLines(seen))
                .containsExactly(
                        "POSTERN_EVENT=renewed",
                        "POSTERN_FOLDER=/certs/example.com/7",
                        "POSTERN_ISSUER=letsencrypt",
                        "POSTERN_NAMES=example.com *.example.com",
                        "POSTERN_NOT_AFTER=2026-04-01T00:00:00Z",
                        "POSTERN_NOT_BEFORE=2026-01-01T00:00:00Z",
                        "POSTERN_SERIAL=3a",
                        "POSTERN_SITE=example.com");
        JsonObject json = JsonParser.parseString(Files.readString(Path.of(seen + ".json")))
                .getAsJsonObject();
        assertThat(json.get("event").getAsString()).isEqualTo("renewed");
        assertThat(json.getAsJsonArray("names")).hasSize(2);
        assertThat(json.get("not-after").getAsString()).isEqualTo("2026-04-01T00:00:00Z");
    }

    @Test
    void failureAndOverdueAreToldToTheirOwnCommands() throws IOException {
        Path seen = directory.resolve("seen");
        Path script = script("env | grep ^POSTERN_ | sort >> " + seen + "; echo >> " + seen);
        Hooks hooks = hooks(null, script, script);

        hooks.renewed(renewed("unheard.example.com"));
        hooks.failed(
                new Failed("example.com", List.of("example.com"), Fault.NAME, "DNS: no address\nat all", 3, NOW, null));
        hooks.overdue(new Overdue("example.com", List.of("example.com"), null, 9, NOW));
        runAll();

        assertThat(Files.readString(seen)).isEqualTo("""
                POSTERN_EVENT=failed
                POSTERN_FAILURES=3
                POSTERN_FAULT=name
                POSTERN_MESSAGE=DNS: no address
                POSTERN_NAMES=example.com
                POSTERN_NEXT_ATTEMPT=2026-01-01T00:00:00Z
                POSTERN_SITE=example.com

                POSTERN_EVENT=overdue
                POSTERN_FAILURES=9
                POSTERN_NAMES=example.com
                POSTERN_NOT_AFTER=2026-01-01T00:00:00Z
                POSTERN_SITE=example.com

                """);
    }

    /** Operators hand passwords over in this way. */
    @Test
    void logNamesTheProgramAndNothingBehindIt() throws IOException {
        for (int exit : List.of(0, 1)) {
            Path script = script("exit " + exit);
            Hooks hooks = hooks(new Configuration.Hooks(
                    List.of(new Secret(script.toString()), new Secret("--password=open-sesame")),
                    List.of(),
                    List.of(),
                    Duration.ofSeconds(10)));
            try (CapturedLog log = CapturedLog.begin()) {
                hooks.renewed(renewed("example.com"));
                runAll();

                assertThat(log.lines(script.toString())).isNotEmpty();
                assertThat(log.lines("sesame")).isEmpty();
            }
        }
    }

    @Test
    void runThatFailsIsRepeatedThreeTimesAndThenGivenUp() throws IOException {
        Path seen = directory.resolve("seen");
        Hooks hooks = hooks(script("echo run >> " + seen + "; echo not today >&2; exit 1"), null, null);

        hooks.renewed(renewed("example.com"));
        runAll();
        for (int runs = 1; runs <= 3; runs++) {
            assertThat(Files.readAllLines(seen)).hasSize(runs);
            timers.remove().run();
            runAll();
        }

        assertThat(Files.readAllLines(seen)).hasSize(4);
        assertThat(waits).containsExactly(Duration.ofMinutes(1), Duration.ofMinutes(5), Duration.ofMinutes(25));
        assertThat(timers).isEmpty();
    }

    @Test
    void programThatCannotBeStartedIsRepeatedToo() throws IOException {
        Path script = script("true");
        Hooks hooks = hooks(script, null, null);
        Files.delete(script);

        hooks.renewed(renewed("example.com"));
        runAll();

        assertThat(waits).containsExactly(Duration.ofMinutes(1));
    }

    @Test
    void waitingEventsOfOneSiteAndKindBecomeTheNewest() throws IOException {
        Path seen = directory.resolve("seen");
        Hooks hooks = hooks(script("echo $POSTERN_SITE $POSTERN_SERIAL >> " + seen), null, null);

        hooks.renewed(renewed("a.example.com", "1"));
        hooks.renewed(renewed("b.example.com", "1"));
        hooks.renewed(renewed("a.example.com", "2"));
        runAll();

        assertThat(Files.readAllLines(seen)).containsExactly("a.example.com 2", "b.example.com 1");
    }

    @Test
    void newEventTakesThePlaceOfARepetition() throws IOException {
        Path seen = directory.resolve("seen");
        Hooks hooks = hooks(script("echo $POSTERN_SERIAL >> " + seen + "; [ $POSTERN_SERIAL = 2 ]"), null, null);
        hooks.renewed(renewed("example.com", "1"));
        runAll();

        hooks.renewed(renewed("example.com", "2"));
        runAll();
        timers.remove().run();
        runAll();

        assertThat(Files.readAllLines(seen)).containsExactly("1", "2");
    }

    @Test
    void nothingIsRunAfterTheEnd() throws IOException {
        Path seen = directory.resolve("seen");
        Hooks hooks = hooks(script("echo run >> " + seen), null, null);
        hooks.renewed(renewed("example.com"));

        hooks.close();
        runAll();

        assertThat(seen).doesNotExist();
    }

    @Test
    void whatWaitsForItsTurnIsToldBeforeTheEnd_butNothingIsRepeated() throws IOException {
        Path seen = directory.resolve("seen");
        Hooks hooks =
                hooks(script("echo $POSTERN_SITE >> " + seen + "; [ $POSTERN_SITE = b.example.com ]"), null, null);
        hooks.renewed(renewed("a.example.com"));
        runAll();
        hooks.renewed(renewed("b.example.com"));
        hooks.renewed(renewed("c.example.com"));

        Future<Void> end = hooks.finish();
        assertThat(end).isNotDone();
        runAll();

        assertThat(end).isDone();
        timers.remove().run();
        runAll();
        assertThat(timers).isEmpty();
        assertThat(Files.readAllLines(seen)).containsExactly("a.example.com", "b.example.com", "c.example.com");
    }

    @Test
    void endWithNothingToTellIsImmediate() throws IOException {
        Hooks hooks = hooks(script("true"), null, null);

        assertThat(hooks.finish()).isDone();
        hooks.renewed(renewed("example.com"));
        assertThat(hooks.finish()).isNotDone();
        hooks.close();
        assertThat(hooks.finish()).isDone();
    }

    @Test
    void renewalThatWasNotToldBeforeTheStopIsToldAtTheNextStart() throws IOException {
        Path seen = directory.resolve("seen");
        Path script = script("echo $POSTERN_SERIAL $POSTERN_FOLDER >> " + seen);
        Path generation = installed("example.com", "2a");
        Hooks stopped = hooks(script, null, null);
        stopped.renewed(renewed("example.com", "2a"));
        stopped.close();

        Hooks hooks = hooks(script, null, null);
        hooks.tellMissed(List.of(site("example.com")));
        runAll();
        hooks(script, null, null).tellMissed(List.of(site("example.com")));
        runAll();

        assertThat(Files.readAllLines(seen)).containsExactly("2a " + generation);
    }

    @Test
    void siteOfWhichNothingIsRememberedCountsAsTold() throws IOException {
        Path seen = directory.resolve("seen");
        installed("example.com", "2a");

        hooks(script("echo run >> " + seen), null, null).tellMissed(List.of(site("example.com")));
        runAll();

        // Else an update of Postern would run the hooks of all sites.
        assertThat(seen).doesNotExist();
    }

    @Test
    void rememberedThingThatIsDamagedRunsNothing() throws IOException {
        Path seen = directory.resolve("seen");
        Path script = script("echo $POSTERN_SERIAL >> " + seen);
        installed("example.com", "2a");
        Files.writeString(certs().resolve("example.com/told.json"), "{");

        hooks(script, null, null).tellMissed(List.of(site("example.com")));
        runAll();

        assertThat(seen).doesNotExist();
    }

    // ---- vocabulary

    private Path certs() {
        return directory.resolve("certs");
    }

    private Path installed(String site, String serial) throws IOException {
        Path generation = Files.createDirectories(certs().resolve(site).resolve("1"));
        Files.writeString(
                generation.resolve("meta.json"),
                "{\"issuer\":\"internal\",\"serial\":\"" + serial + "\",\"not-before\":\"" + NOW + "\",\"not-after\":\""
                        + NOW.plus(Duration.ofDays(7)) + "\"}");
        Files.createSymbolicLink(certs().resolve(site).resolve("current"), Path.of("1"));
        return generation.toRealPath();
    }

    private static Site site(String name) {
        return new Site(List.of(name), List.of(), null);
    }

    private Hooks hooks(@Nullable Path onRenewed, @Nullable Path onFailure, @Nullable Path onOverdue) {
        return hooks(new Configuration.Hooks(
                command(onRenewed), command(onFailure), command(onOverdue), Duration.ofSeconds(10)));
    }

    private Hooks hooks(Configuration.Hooks configured) {
        return new Hooks(
                configured, site -> FileStore.openReadOnly(certs()).site(site).told(), toRun::add, (wait, task) -> {
                    waits.add(wait);
                    timers.add(task);
                });
    }

    private static List<Secret> command(@Nullable Path script) {
        return script == null ? List.of() : List.of(new Secret(script.toString()));
    }

    private void runAll() {
        while (!toRun.isEmpty()) {
            toRun.remove().run();
        }
    }

    private static Renewed renewed(String site) {
        return renewed(site, "1");
    }

    private static Renewed renewed(String site, String serial) {
        return new Renewed(site, List.of(site), "internal", serial, NOW, NOW.plus(Duration.ofDays(7)), null);
    }

    private Path script(String text) throws IOException {
        Path script = Files.writeString(directory.resolve("hook"), "#!/bin/sh\n" + text + "\n");
        return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }
}
