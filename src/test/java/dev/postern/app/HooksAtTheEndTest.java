package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a stop does to the operator's hooks, and what the next start makes good. */
@Tag("long")
class HooksAtTheEndTest {
    /** For two certificates and a shell. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    @Test
    void stopWaitsForHooks_saysWhatWasNotTold_andTheNextStartTellsIt() throws IOException {
        Installation installation = new Installation(directory.resolve("postern"));
        Path begun = directory.resolve("begun");
        Path told = directory.resolve("told");
        Path open = directory.resolve("open");
        // Ends at once while there is "open", else never.
        Path hook = Files.writeString(
                directory.resolve("hook"),
                "#!/bin/sh\necho $POSTERN_SITE >> " + begun + "\nuntil [ -e " + open + " ]; do sleep 0.1; done\n"
                        + "echo $POSTERN_SITE >> " + told + "\n");
        Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwx------"));
        // Long enough for the edge to look at itself meanwhile.
        installation.configure(
                "grace: 3s\nhooks: { on-renewed: [\"" + hook + "\"] }\nacme: { issuers: [internal], store: \""
                        + installation.store() + "\" }\n" + Installation.sites("a.internal", "b.internal"));

        try (PosternProcess daemon = installation.runUntilReady()) {
            Awaitility.await().atMost(PATIENCE).until(() -> Files.exists(begun));
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> Files.exists(installation.site("b.internal").resolve("told.json"))
                            && Files.exists(installation.site("a.internal").resolve("told.json")));
            daemon.terminate();
            assertThat(daemon.awaitExit()).isZero();
            assertThat(daemon.lines())
                    .anyMatch(line -> line.contains(" for hooks"))
                    .filteredOn(line -> line.contains(" WARN ") && line.contains("told at the next start"))
                    .hasSize(2)
                    .anyMatch(line -> line.contains("hooks.on-renewed: a.internal: not told"))
                    .anyMatch(line -> line.contains("hooks.on-renewed: b.internal: not told"));
        }
        assertThat(told).doesNotExist();

        Files.createFile(open);
        try (PosternProcess daemon = installation.runUntilReady()) {
            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() ->
                            assertThat(Files.readAllLines(told)).containsExactlyInAnyOrder("a.internal", "b.internal"));
            daemon.terminate();
            assertThat(daemon.awaitExit()).isZero();
            assertThat(daemon.lines()).noneMatch(line -> line.contains(" WARN ") && line.contains("hooks"));
        }
    }
}
