package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.FreePorts;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RealPrograms;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern demo} as somebody types it who has just cloned the repository, and curl beside it. */
class DemoTest {
    private static final int HTTP = FreePorts.next();
    private static final int HTTPS = FreePorts.next();
    private static final String URL = "https://localhost:" + HTTPS + "/";

    @TempDir
    static Path directory;

    private static PosternProcess demo;

    @BeforeAll
    static void startDemo() {
        demo = start(HTTP, HTTPS, directory);
        demo.awaitLine("ready: " + URL);
    }

    @AfterAll
    static void stopDemo() {
        demo.close();
    }

    private static PosternProcess start(int http, int https, Path kept) {
        return PosternProcess.start(
                directory,
                "demo",
                "--http",
                Integer.toString(http),
                "--https",
                Integer.toString(https),
                "--dir",
                kept.toString());
    }

    @Test
    void tellsEachStepAndThenWhatToTry() {
        String tried = demo.awaitLine("try:   curl --cacert ");

        assertThat(demo.lines())
                .containsSubsequence(lines(
                        "demo: an ACME CA of its own: https://localhost:",
                        "demo: two backends: 127.0.0.1:",
                        "demo: the configuration: " + directory,
                        "demo: the edge: http 127.0.0.1:" + HTTP + ", https 127.0.0.1:" + HTTPS,
                        "demo: the certificate for localhost: from localhost-",
                        "ready: " + URL));
        assertThat(tried).isEqualTo("try:   curl --cacert " + root(directory) + " " + URL);
        assertThat(directory.resolve("certs/localhost/current/fullchain.pem")).exists();
    }

    /** What was printed and begins so. */
    private static List<String> lines(String... beginnings) {
        return Stream.of(beginnings)
                .map(beginning -> demo.awaitLine(line -> line.startsWith(beginning)))
                .toList();
    }

    @Test
    void curlThatTrustsItsRootIsAnsweredByBothBackendsInTurn() {
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            answers.add(curl("--cacert", root(directory), "--write-out", "%{http_code}", URL));
        }

        assertThat(answers).allSatisfy(answer -> assertThat(answer).endsWith("200"));
        assertThat(answers.get(0)).startsWith("Hello from demo backend " + number(answers.get(2)));
        assertThat(answers.get(1)).startsWith("Hello from demo backend " + number(answers.get(3)));
        assertThat(number(answers.get(0))).isNotEqualTo(number(answers.get(1)));
    }

    private static String number(String answer) {
        return answer.substring("Hello from demo backend ".length()).substring(0, 1);
    }

    @Test
    void plaintextRequestIsSentToTheHttpsPortWithItsPathAndQuery() {
        String answer = curl("--include", "http://localhost:" + HTTP + "/x?y=1");

        assertThat(answer).startsWith("HTTP/1.1 308 Permanent Redirect");
        assertThat(answer.lines()).contains("Location: " + URL + "x?y=1");
    }

    @Test
    void backendIsToldWhoAsked_andNothingThatTheClientMadeUp() {
        String echo = curl(
                "--cacert",
                root(directory),
                "--header",
                "X-Forwarded-For: 192.0.2.1",
                "--header",
                "X-Forwarded-Proto: gopher",
                "--header",
                "X-Forwarded-Host: evil.example",
                "--header",
                "X-Forwarded-Port: 666",
                "--header",
                "X_Forwarded_For: 192.0.2.2",
                "--header",
                "X-Real-IP: 192.0.2.3",
                "--header",
                "Forwarded: for=192.0.2.4;host=evil.example",
                URL + "who?am=i");

        assertThat(echo.lines().toList())
                .contains(
                        "GET /who?am=i",
                        "Host: localhost:" + HTTPS,
                        "X-Forwarded-For: 127.0.0.1",
                        "X-Forwarded-Proto: https",
                        "X-Forwarded-Host: localhost:" + HTTPS,
                        "X-Forwarded-Port: " + HTTPS,
                        "X-Real-IP: 127.0.0.1");
        assertThat(echo).doesNotContain("192.0.2.", "gopher", "evil.example", "666");
    }

    @Test
    void startedAgainServesTheSameCertificateAtOnceAndKeepsItsAccount(@TempDir Path kept) throws IOException {
        int http = FreePorts.next();
        int https = FreePorts.next();
        List<List<String>> states = new ArrayList<>();
        List<String> printed = new ArrayList<>();

        for (int i = 0; i < 2; i++) {
            try (PosternProcess process = start(http, https, kept)) {
                process.awaitLine("ready: https://localhost:" + https + "/");
                assertThat(curl("--cacert", root(kept), "https://localhost:" + https + "/"))
                        .startsWith("Hello");
                states.add(state(kept));
                process.terminate();
                assertThat(process.awaitExit()).isZero();
                printed.addAll(process.lines());
            }
        }

        assertThat(states.get(1)).isEqualTo(states.get(0)).hasSize(4);
        assertThat(printed)
                .filteredOn(line -> line.contains("ordering a certificate"))
                .hasSize(1);
    }

    /** What a second start must not make anew. */
    private static List<String> state(Path kept) throws IOException {
        List<String> state = new ArrayList<>();
        state.add(Files.readString(kept.resolve("ca/root.pem")));
        state.add(Files.readString(kept.resolve("certs/localhost/current/fullchain.pem")));
        for (String folder : List.of("ca/accounts", "certs/accounts")) {
            try (Stream<Path> children = Files.list(kept.resolve(folder))) {
                children.forEach(child -> state.add(child.toString()));
            }
        }
        return state;
    }

    @Test
    void portInUseEndsItWithOneClearLine(@TempDir Path other) {
        try (PosternProcess second = start(FreePorts.next(), HTTPS, other)) {
            assertThat(second.awaitExit()).isEqualTo(69);

            assertThat(second.lines())
                    .filteredOn(line -> line.contains(Integer.toString(HTTPS)))
                    .singleElement()
                    .asString()
                    .startsWith("listener https 127.0.0.1:" + HTTPS + ": bind: address already in use; ");
        }
    }

    // Its files, the configuration above all, are in use.
    @Test
    void directoryInUseIsLeftAsItIs() throws IOException {
        String before = Files.readString(directory.resolve("postern.yaml"));
        try (PosternProcess second = start(FreePorts.next(), FreePorts.next(), directory)) {
            assertThat(second.awaitExit()).isEqualTo(69);

            assertThat(second.lines())
                    .containsExactly(
                            directory + ": in use by another postern demo; stop that one first, or name another"
                                    + " directory with --dir");
        }
        assertThat(directory.resolve("postern.yaml")).hasContent(before);
    }

    @Test
    void directoryThatCannotBeMadeIsNamedWithTheReason(@TempDir Path other) throws IOException {
        Path file = Files.writeString(other.resolve("file"), "in the way");
        try (PosternProcess second = start(FreePorts.next(), FreePorts.next(), file)) {
            assertThat(second.awaitExit()).isEqualTo(69);

            assertThat(second.lines()).containsExactly(file + ": cannot be written: not a directory");
        }
    }

    @Test
    void directoryMayHaveAnyName(@TempDir Path other) {
        try (PosternProcess second = start(0, 0, other.resolve("a \"quoted\" \\ it's #1"))) {
            second.awaitLine("ready: https://localhost:");
        }
    }

    private static String root(Path kept) {
        return kept.resolve("ca/root.pem").toString();
    }

    private static String curl(String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(RealPrograms.require("curl", "curl").toString());
        command.addAll(List.of("--silent", "--show-error", "--max-time", "10", "--noproxy", "*"));
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try (InputStream in = process.getInputStream()) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
