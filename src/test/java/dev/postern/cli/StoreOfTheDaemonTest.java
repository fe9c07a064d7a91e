package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A command looks at the store of the daemon of the same file, whatever the two of them see around them; where it cannot
 * know which one that is, it says so. Long: each takes a process of its own.
 */
@Tag("long")
class StoreOfTheDaemonTest {
    private static final String HOME = "postern.home";

    @TempDir
    private Path directory;

    private @Nullable String home;
    private Path runtime;
    private Installation installation;
    private String out = "";
    private String err = "";

    @BeforeEach
    void prepare() throws IOException {
        runtime = Files.createDirectory(directory.resolve("runtime"));
        installation = new Installation(directory.resolve("postern"));
        // Where these commands look when nothing says better: not at the checkout, whose socket other tests use.
        home = System.setProperty(HOME, directory.resolve("home").toString());
    }

    @AfterEach
    void restoreHome() {
        if (home == null) {
            System.clearProperty(HOME);
        } else {
            System.setProperty(HOME, home);
        }
    }

    /** @param store a line of {@code acme}, or nothing */
    private void configure(String store) {
        installation.configure(
                "acme:\n  issuers: [internal]\n" + store + Installation.sites("app.internal", "db.internal"));
    }

    private PosternProcess daemon(Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(environment);
        all.put("XDG_RUNTIME_DIR", runtime.toString());
        PosternProcess process = PosternProcess.startIn(
                all, directory, "run", "-c", installation.configuration().toString());
        process.awaitLine("ready: ");
        process.awaitLine(line -> line.contains("db.internal: ") && line.contains("until"));
        process.awaitLine(line -> line.contains("app.internal: ") && line.contains("until"));
        return process;
    }

    private int run(Map<String, String> environment, String... words) {
        String[] all = java.util.Arrays.copyOf(words, words.length + 2);
        all[words.length] = "-c";
        all[words.length + 1] = installation.configuration().toString();
        StringWriter stdout = new StringWriter();
        StringWriter stderr = new StringWriter();
        int code =
                Main.run(all, new Console(new PrintWriter(stdout, true), new PrintWriter(stderr, true)), environment);
        out = stdout.toString();
        err = stderr.toString();
        return code;
    }

    private Map<String, String> besides() {
        return Map.of("XDG_RUNTIME_DIR", runtime.toString());
    }

    @Test
    void stateDirectoryOfTheDaemonIsFoundByCommandsThatHaveNone() throws Exception {
        configure("");
        Path state = directory.resolve("state");
        try (PosternProcess daemon = daemon(Map.of("STATE_DIRECTORY", state.toString()))) {
            assertThat(run(besides(), "cert", "list")).as(err).isZero();
            assertThat(out).contains("app.internal").doesNotContain("no certificate");
            assertThat(run(besides(), "cert", "check")).as(err).isZero();
            assertThat(run(besides(), "check")).as(err).isZero();
            assertThat(run(besides(), "reload")).as(err).isZero();

            // Without a word of it there is a process that may have another store: no guess.
            for (String command : new String[] {"list", "check", "plan"}) {
                assertThat(run(Map.of(), "cert", command)).isEqualTo(69);
                assertThat(err)
                        .contains(installation.configuration() + ": process " + daemon.pid() + " of the user ")
                        .contains("runs with this file, and does not have the store");
                assertThat(out).isEmpty();
            }
            assertThat(run(Map.of("STATE_DIRECTORY", state.toString()), "cert", "list"))
                    .as(err)
                    .isZero();

            daemon.terminate();
            assertThat(daemon.awaitExit()).isZero();
        }
        assertThat(runtime.resolve("postern")).isEmptyDirectory();
        // Where nobody has said where the store is, one that never was one may be the wrong place.
        Path nothing = Files.createDirectory(directory.resolve("nothing"));
        assertThat(run(Map.of("STATE_DIRECTORY", nothing.toString()), "cert", "list"))
                .isEqualTo(1);
        assertThat(err).startsWith(nothing + ": is no store (expected: that of the daemon");
    }

    @Test
    void fileThatNamesAnotherStoreSinceDoesNotLeadCommandsAway() throws Exception {
        configure("  store: first\n");
        try (PosternProcess daemon = daemon(Map.of())) {
            // Beside the file, not where the daemon was started.
            assertThat(installation.directory().resolve("first/app.internal/current"))
                    .exists();
            configure("  store: second\n");
            assertThat(run(besides(), "cert", "list")).as(err).isZero();
            assertThat(out).contains("app.internal").doesNotContain("no certificate");
            assertThat(run(Map.of(), "cert", "list")).isEqualTo(69);

            daemon.kill();
        }
        // What a daemon that was killed has left means nothing.
        assertThat(run(besides(), "cert", "list")).isZero();
        assertThat(err).contains(installation.directory().resolve("second") + ": is no store");
        configure("  store: first\n");
        assertThat(run(besides(), "cert", "list")).isZero();
        assertThat(out).contains("app.internal").doesNotContain("no certificate");
    }

    @Test
    void daemonThatNeedsNoStoreTakesCommandsAllTheSame() throws Exception {
        String own = new TestSite(Files.createDirectory(directory.resolve("own"))).certificate("own.example");
        installation.configure("sites:\n  - names: [own.example]\n    certificate: " + own
                + "\n    routes: [{ path: /, respond: { status: 200 } }]\n");
        Map<String, String> environment = new HashMap<>(besides());
        environment.put("STATE_DIRECTORY", directory.resolve("nowhere").toString());
        try (PosternProcess daemon = PosternProcess.startIn(
                environment,
                directory,
                "run",
                "-c",
                installation.configuration().toString(),
                "--pid-file",
                "postern.pid")) {
            daemon.awaitLine("ready: ");
            assertThat(directory.resolve("nowhere")).doesNotExist();
            // What pgrep and killall look for.
            assertThat(Path.of("/proc/" + daemon.pid() + "/comm")).hasContent("postern");
            await().untilAsserted(
                            () -> assertThat(directory.resolve("postern.pid")).hasContent(daemon.pid() + "\n"));
            Files.writeString(
                    installation.configuration(), Files.readString(installation.configuration()) + "grace: 20s\n");
            assertThat(run(besides(), "reload")).as(err).isZero();
            assertThat(out).isEqualTo("grace 30s → 20s\n");
            assertThat(run(besides(), "cert", "list")).as(err).isZero();
            assertThat(out).contains("own.example");
            daemon.terminate();
            assertThat(daemon.awaitExit()).isZero();
        }
        assertThat(directory.resolve("postern.pid")).doesNotExist();
        assertThat(runtime.resolve("postern")).isEmptyDirectory();
    }

    @Test
    void reloadIsJudgedByTheDaemonWithItsEnvironment_notByTheCommandWithAnother() throws Exception {
        configure("  store: first\n");
        Files.writeString(
                installation.configuration(),
                Files.readString(installation.configuration()) + "grace: ${GRACE_OF_THE_DAEMON}\n");
        try (PosternProcess daemon = daemon(Map.of("GRACE_OF_THE_DAEMON", "20s"))) {
            assertThat(run(besides(), "reload")).as(err).isZero();
            assertThat(out).isEqualTo("nothing changed\n");

            // A file that is wrong is a matter for the daemon's log as well.
            Files.writeString(
                    installation.configuration(), Files.readString(installation.configuration()) + "gracee: 1s\n");
            assertThat(run(besides(), "reload")).isEqualTo(78);
            assertThat(err)
                    .contains("gracee")
                    .doesNotContain("GRACE_OF_THE_DAEMON")
                    .endsWith("not reloaded\n");
            daemon.awaitLine("reload: not done; the configuration before stays in force");
        }
    }

    @Test
    void daemonOfAnotherFileIsNotAsked() throws Exception {
        configure("  store: shared\n");
        try (PosternProcess daemon = daemon(Map.of())) {
            Path other = Files.copy(
                    installation.configuration(), installation.directory().resolve("other.yaml"));
            StringWriter stderr = new StringWriter();
            int code = Main.run(
                    new String[] {"reload", "-c", other.toString()},
                    new Console(new PrintWriter(new StringWriter()), new PrintWriter(stderr, true)),
                    besides());
            assertThat(code).isEqualTo(69);
            assertThat(stderr.toString())
                    .contains(
                            "the daemon here was started with " + installation.configuration() + ", not with " + other);
            assertThat(daemon.isAlive()).isTrue();
        }
    }
}
