package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern explain} without a daemon. */
class ExplainCommandTest {
    @TempDir
    private Path directory;

    private String file = "";

    @BeforeEach
    void configure() throws Exception {
        file = Files.writeString(directory.resolve("postern.yaml"), """
                acme: { issuers: [internal], store: "%s" }
                sites: [{ names: [app.internal], backend: web }]
                backends: { web: { servers: ["127.0.0.1:8080"] } }
                """.formatted(directory.resolve("store")))
                .toString();
    }

    private CommandRun explain(String... words) {
        String[] all = new String[words.length + 3];
        all[0] = "explain";
        System.arraycopy(words, 0, all, 1, words.length);
        all[words.length + 1] = "-c";
        all[words.length + 2] = file;
        return CommandRun.of(Map.of(), all);
    }

    @Test
    void whereNoDaemonRunsTheFileIsAsked() {
        CommandRun run = explain("app.internal/x");

        assertThat(run.code()).isZero();
        assertThat(run.lines())
                .contains(
                        "request      GET https://app.internal/x from 127.0.0.1",
                        "certificate  nothing runs that would show one",
                        "               127.0.0.1:8080: may take it; state unknown",
                        "               GET /x HTTP/1.1");
        assertThat(directory.resolve("store")).doesNotExist();
        assertThat(explain("--json", "--file-only", "app.internal/x").lines().toString())
                .contains("\"lines\"");
    }

    @Test
    void whoIsAskedFirstIsSaidAndWhat() throws Exception {
        file = Files.writeString(Path.of(file), """
                acme: { issuers: [internal], store: "%s" }
                sites: [{ names: [app.internal], backend: web, forward-auth: { to: web, path: /verify, copy-headers: [Remote-User] } }]
                backends: { web: { servers: ["127.0.0.1:8080"] } }
                """.formatted(directory.resolve("store")))
                .toString();

        CommandRun run = explain("app.internal/x?y=z", "-H", "Remote-User: root", "-H", "Cookie: a=b");

        assertThat(run.lines())
                .contains(
                        "rule         forward-auth: web is asked first; where its answer is not 2xx, the client gets it, and where"
                                + " there is none within 5s, 503 forward_auth_failed",
                        "               GET /verify HTTP/1.1",
                        "               X-Forwarded-Method: GET",
                        "               X-Forwarded-Uri: /x?y=z",
                        "               GET /x?y=z HTTP/1.1")
                .doesNotContain("               Remote-User: root");
    }

    @Test
    void whatIsNotUnderstoodIsSaidAndEndsWith64() {
        assertThat(explain().code()).isEqualTo(64);
        assertThat(explain("app.internal", "--last", "1").code()).isEqualTo(64);
        assertThat(explain("--last", "0").lines()).anyMatch(line -> line.contains("--last: 0 (expected: 1 or more)"));
        assertThat(explain("--last", "1", "--file-only").code()).isEqualTo(64);
        assertThat(explain("app.internal", "--from", "me").lines())
                .anyMatch(line -> line.contains("\"me\" is no address (expected: one such as 192.0.2.1"));
    }

    @Test
    void ofRequestsThatAreOverOnlyADaemonKnows() {
        CommandRun run = explain("--last", "3");

        assertThat(run.code()).isEqualTo(69);
        assertThat(run.lines()).contains("no daemon takes commands (expected: a running one)");
    }
}
