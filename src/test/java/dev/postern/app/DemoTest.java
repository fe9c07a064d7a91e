package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.FreePorts;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
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
        demo.awaitLine(" cert list -c ");
    }

    @AfterAll
    static void stopDemo() {
        demo.close();
    }

    private static PosternProcess start(int http, int https, Path kept, String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "demo",
                "--http",
                Integer.toString(http),
                "--https",
                Integer.toString(https),
                "--dir",
                kept.toString()));
        arguments.addAll(List.of(more));
        return PosternProcess.start(directory, arguments.toArray(String[]::new));
    }

    @Test
    void tellsEachStepAndThenWhatToTry() {
        assertThat(demo.lines())
                .containsSubsequence(lines(
                        "demo: an ACME CA of its own: https://localhost:",
                        "demo: two servers: blue 127.0.0.1:",
                        "demo: the configuration: " + directory,
                        "demo: the edge: http 127.0.0.1:" + HTTP + ", https 127.0.0.1:" + HTTPS,
                        "demo: the certificate for localhost: from localhost-",
                        "ready: " + URL,
                        "status: http://127.0.0.1:",
                        "try:   curl --cacert ca/root.pem " + URL));
        assertThat(directory.resolve("certs/localhost/current/fullchain.pem")).exists();
        // Nothing is told twice, and nothing at length.
        assertThat(demo.lines()).hasSizeLessThan(25).noneMatch(line -> line.contains("INFO Edge"));
    }

    @Test
    @Tag("long")
    void eachLineToTryDoesWhatItSays() throws Exception {
        List<String> lines = demo.lines().stream()
                .dropWhile(line -> !line.startsWith("try:"))
                .takeWhile(line -> line.matches("(try:  |      ) .*"))
                .map(line -> line.substring(7))
                .toList();
        List<String> answers = new ArrayList<>();
        for (String line : lines) {
            answers.add(typed(line));
        }

        assertThat(lines).hasSize(7);
        assertThat(answers.get(0)).startsWith("Hello from demo server ");
        assertThat(answers.get(1)).startsWith("HTTP/1.1 308 Permanent Redirect");
        assertThat(answers.get(2)).contains("demo/blue", "demo/green", "LIFE GONE");
        assertThat(answers.get(3)).startsWith("demo/blue: drain; up, draining");
        assertThat(answers.get(4)).startsWith("demo/blue: as configured; up");
        assertThat(answers.get(5)).contains("site         localhost", "backend      demo");
        assertThat(answers.get(6)).contains("NEXT RENEWAL", "localhost");
    }

    /** As a shell has it done, in the folder where the demo was started. */
    private static String typed(String line) throws IOException {
        if (line.startsWith("curl")) {
            return output(new ProcessBuilder("sh", "-c", line + " --silent --max-time 10 --noproxy '*'")
                    .directory(directory.toFile())
                    .redirectErrorStream(true));
        }
        String[] words = line.split(" ");
        assertThat(words[0]).isEqualTo("postern");
        try (PosternProcess command = PosternProcess.start(
                directory, List.of(words).subList(1, words.length).toArray(String[]::new))) {
            assertThat(command.awaitExit()).as("%s: %s", line, command.lines()).isZero();
            return String.join("\n", command.lines());
        }
    }

    /** What was printed and begins so. */
    private static List<String> lines(String... beginnings) {
        return Stream.of(beginnings)
                .map(beginning -> demo.awaitLine(line -> line.startsWith(beginning)))
                .toList();
    }

    @Test
    void curlThatTrustsItsRootIsAnsweredByBothServersInTurn() {
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            answers.add(curl("--cacert", root(directory), "--write-out", "%{http_code}", URL));
        }

        assertThat(answers).allSatisfy(answer -> assertThat(answer).endsWith("200"));
        assertThat(answers.get(0)).startsWith("Hello from demo server " + colour(answers.get(2)) + ".");
        assertThat(answers.get(1)).startsWith("Hello from demo server " + colour(answers.get(3)) + ".");
        assertThat(List.of(colour(answers.get(0)), colour(answers.get(1)))).containsExactlyInAnyOrder("blue", "green");
    }

    private static String colour(String answer) {
        return answer.substring("Hello from demo server ".length(), answer.indexOf('.'));
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
            // Not one that is renewed meanwhile.
            try (PosternProcess process = start(http, https, kept, "--life", "6d")) {
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
                .filteredOn(line -> line.contains("localhost: certificate 1 from "))
                .hasSize(1);
    }

    @Test
    @Tag("long")
    void startedAgainAfterItsCertificateHasEndedServesAnother(@TempDir Path kept) throws Exception {
        Path chain = kept.resolve("certs/localhost/current/fullchain.pem");
        try (PosternProcess process = start(0, 0, kept, "--life", "10s")) {
            process.awaitLine("ready: ");
            process.terminate();
            assertThat(process.awaitExit()).isZero();
        }
        X509Certificate before = Trust.certificate(chain);
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> before.getNotAfter().toInstant().isBefore(Instant.now()));
        int https = FreePorts.next();

        try (PosternProcess process = start(0, https, kept)) {
            process.awaitLine("ready: ");
            assertThat(curl("--cacert", root(kept), "https://localhost:" + https + "/"))
                    .startsWith("Hello");
        }
    }

    @Test
    void serversAreStoppedForItsOwnPageAlone() {
        String stop = URL + "demo/stop/blue";
        List<List<String>> foreign = List.of(
                List.of(),
                List.of("--header", "Origin: https://evil.example"),
                List.of("--header", "Origin: null"),
                List.of("--header", "Origin: http://localhost:" + HTTPS),
                List.of("--header", "Origin: https://localhost"));

        for (List<String> headers : foreign) {
            List<String> arguments = new ArrayList<>(
                    List.of("--cacert", root(directory), "--request", "POST", "--write-out", "%{http_code}", stop));
            arguments.addAll(headers);
            assertThat(curl(arguments.toArray(String[]::new)))
                    .as(headers.toString())
                    .endsWith("403");
        }
        assertThat(curl("--cacert", root(directory), "--write-out", "%{http_code}", stop))
                .endsWith("404");
        assertThat(curl("--cacert", root(directory), URL + "demo/state"))
                .contains("\"name\":\"blue\",\"running\":true", "\"serial\":\"");
        // Under another name the site is not there, whoever resolves it to us.
        assertThat(curl(
                        "--insecure",
                        "--resolve",
                        "evil.example:" + HTTPS + ":127.0.0.1",
                        "--write-out",
                        "%{http_code}",
                        "https://evil.example:" + HTTPS + "/demo/state"))
                .doesNotContain("serial");
    }

    @Test
    void everythingListensOnLoopbackAlone() throws IOException {
        assertThat(output(new ProcessBuilder(
                                        RealPrograms.require("ss", "iproute2").toString(), "-Hltnp")
                                .redirectErrorStream(true))
                        .lines()
                        .filter(line -> line.contains("pid=" + demo.pid() + ",")))
                .hasSizeGreaterThanOrEqualTo(8)
                .allMatch(line ->
                        line.contains("127.0.0.1") || line.contains("[::1]") || line.contains("[::ffff:127.0.0.1]"));
    }

    @Test
    @Tag("long")
    void endsSoonAfterTermWhateverIsOpen(@TempDir Path kept) throws Exception {
        int https = FreePorts.next();
        try (PosternProcess process = start(0, https, kept)) {
            process.awaitLine("ready: ");
            BlockingQueue<String> told = new LinkedBlockingQueue<>();
            HttpClient client = HttpClient.newBuilder()
                    .sslContext(Trust.in(Trust.certificate(Path.of(root(kept)))))
                    .build();
            var unused = client.newWebSocketBuilder()
                    .buildAsync(URI.create("wss://localhost:" + https + "/socket"), new WebSocket.Listener() {
                        @Override
                        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence text, boolean last) {
                            told.add(text.toString());
                            from.request(1);
                            return null;
                        }
                    })
                    .get(30, TimeUnit.SECONDS);
            assertThat(told.poll(30, TimeUnit.SECONDS)).contains("\"number\":1");
            assertThat(told.poll(30, TimeUnit.SECONDS)).contains("\"number\":2");

            long begun = System.nanoTime();
            process.terminate();
            assertThat(process.awaitExit()).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(15));
        }
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
            return output(new ProcessBuilder(command).redirectErrorStream(true));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String output(ProcessBuilder program) throws IOException {
        try (InputStream in = program.start().getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
