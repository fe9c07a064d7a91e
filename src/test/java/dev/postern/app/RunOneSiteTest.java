package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.PosternProcess;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern run --site … --to … --email …}: no file at all, Let's Encrypt, and the ports of the web. */
class RunOneSiteTest {
    /** Nobody listens there: the internet as a test may see it. */
    private static final List<String> NO_INTERNET = List.of("-Dhttps.proxyHost=127.0.0.1", "-Dhttps.proxyPort=1");

    @TempDir
    Path directory;

    @Test
    void listensOnThePortsOfTheWebOrSaysWhyItMayNot() {
        try (PosternProcess postern = PosternProcess.start(
                directory,
                NO_INTERNET,
                "run",
                "--site",
                "site.example,www.site.example",
                "--to",
                "127.0.0.1:1",
                "--email",
                "ops@example.com")) {
            // Whether it may depends on the machine: port 80 is for root, and for one program at a time.
            String outcome = postern.awaitLine(line -> line.contains(": bind: ") || line.contains("Edge - ready: "));

            if (outcome.contains(": bind: ")) {
                assertThat(outcome)
                        .matches("listener (http|https|challenge) \\S*:(80|443|9876): bind: "
                                + "(permission denied|address already in use); .*");
                assertThat(postern.awaitExit()).isEqualTo(69);
            } else {
                // No such name, says the DNS; or, where there is none, no way to the CA.
                assertThat(postern.awaitLine("site.example: first certificate: letsencrypt: "))
                        .containsAnyOf("; the fault is with the CA or the way to it; ", "; the fault is with the name");
                postern.terminate();
                assertThat(postern.awaitExit()).isZero();
            }
        }
    }
}
