package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.postern.testing.FreePorts;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern run} as a process: signals, exit codes, its log and its memory. */
class DaemonTest {
    /** Eight times what the process may grow by. */
    private static final long LARGE = 512L << 20;

    private static final long MAX_GROWTH_KILOBYTES = 64 * 1024;

    @TempDir
    private Path directory;

    private TestSite site;
    private @Nullable String certificate;

    private final TestServer server = TestServer.startAtHead(DaemonTest::serve);
    private final List<PosternProcess> started = new ArrayList<>();

    @BeforeEach
    void makeSite() {
        site = new TestSite(directory);
    }

    @AfterEach
    void stop() {
        server.close();
        started.forEach(PosternProcess::close);
    }

    @Test
    void termFinishesWhatIsUnderWayAndEndsWith0() throws Exception {
        PosternProcess postern = run("");
        RawClient client = connect(postern);
        assertThat(client.get("localhost", "/").body()).isEqualTo("hello");

        postern.terminate();

        assertThat(postern.awaitExit()).isEqualTo(0);
        assertThat(postern.lines()).last().asString().contains("stopped");
        assertThat(client.isClosedByPeer()).isTrue();
    }

    /** As by {@code nohup}, which leaves it to nobody to hear HUP. */
    @Test
    void hupThatIsIgnoredFromTheStartIsSaidAndHowToReloadThen() throws Exception {
        PosternProcess postern = PosternProcess.startUnder(
                List.of("nohup"),
                directory,
                List.of(),
                "run",
                "-c",
                write(0, 0, "").toString());
        started.add(postern);

        postern.awaitLine("HUP is ignored by this process, as under nohup: postern reload reads the file again");
        RawClient client = connect(postern);
        postern.hangUp();

        assertThat(client.get("localhost", "/").body()).isEqualTo("hello");
        postern.terminate();
        assertThat(postern.awaitExit()).isZero();
        assertThat(postern.lines()).noneMatch(line -> line.contains("reload: nothing"));
    }

    // The JVM's own answer to HUP is to stop, with 0: an init system would not even start it again.
    @Test
    void hupReadsTheFileAgainAndTheLogSaysWhatHasChanged() throws Exception {
        PosternProcess postern = run("");
        RawClient client = connect(postern);

        postern.hangUp();
        postern.awaitLine("reload: nothing changed");
        assertThat(postern.lines()).noneMatch(line -> line.contains("HUP is ignored"));

        write(0, 0, "timeouts: { response: 30s }");
        assertThat(client.get("localhost", "/").body()).isEqualTo("hello");
        postern.hangUp();
        postern.awaitLine("reload: timeouts.response 1m → 30s");

        write(0, 0, "timeouts: { response: 30, connect: never }");
        postern.hangUp();
        postern.awaitLine("timeouts.response: \"30\" has no unit");
        postern.awaitLine("timeouts.connect: \"never\"");
        postern.awaitLine("reload: not done; the configuration before stays in force");

        write(0, 0, "acme: { store: elsewhere }");
        postern.hangUp();
        postern.awaitLine("reload: timeouts.response 30s → 1m");
        postern.awaitLine("reload: acme.store " + directory.resolve("certs") + " → " + directory.resolve("elsewhere"));
        assertThat(client.get("localhost", "/").body()).isEqualTo("hello");
        postern.terminate();
        assertThat(postern.awaitExit()).isEqualTo(0);
    }

    // As logrotate does it: the file is moved away, then the signal sent.
    @Test
    void usr1BeginsTheAccessLogAnew() throws Exception {
        Path log = directory.resolve("access.log");
        PosternProcess postern = run("access-log: { to: " + log + ", format: common }");
        RawClient client = connect(postern);
        client.get("localhost", "/before");
        Awaitility.await().until(() -> Files.readString(log).contains("/before"));

        Path moved = Files.move(log, directory.resolve("access.log.1"));
        postern.signal("USR1");
        postern.awaitLine("opened anew");
        client.get("localhost", "/after");
        postern.terminate();

        assertThat(postern.awaitExit()).isEqualTo(0);
        assertThat(Files.readAllLines(moved)).singleElement().asString().contains("GET /before HTTP/1.1\" 200");
        assertThat(Files.readAllLines(log)).singleElement().asString().contains("GET /after HTTP/1.1\" 200");
    }

    @Test
    void usr1WithoutAnAccessLogDoesNothing() throws Exception {
        PosternProcess postern = run("");
        RawClient client = connect(postern);

        postern.signal("USR1");

        assertThat(client.get("localhost", "/").body()).isEqualTo("hello");
    }

    @Test
    void signalsInARowAreNoneLostAndNoneKeptForLong() throws Exception {
        PosternProcess postern = run("");
        for (int i = 0; i < 10; i++) {
            postern.hangUp();
        }
        write(0, 0, "timeouts: { response: 30s }");
        postern.hangUp();

        postern.awaitLine("reload: timeouts.response 1m → 30s");
        assertThat(postern.lines().stream().filter(line -> line.contains("reload: ")))
                .hasSizeLessThanOrEqualTo(11);
        postern.terminate();
        assertThat(postern.awaitExit()).isEqualTo(0);
    }

    @Test
    void answerAndLogHaveTheSameRequestId() throws Exception {
        PosternProcess postern = run("timeouts: { response: 400ms }");
        RawClient client = connect(postern);

        RawClient.Response unknown = client.get("unknown.example", "/");
        RawClient.Response slow = client.get("localhost", "/slow");
        RawClient.Response reset = client.get("localhost", "/reset");
        while (reset.status() == 504) {
            // On a busy machine even a reset may come later than the timeout.
            reset = client.get("localhost", "/reset");
        }
        RawClient.Response body = client.request("POST / HTTP/1.1", "Host: unknown.example", "Content-Length: 9")
                .response();
        server.close();
        RawClient.Response down = connect(postern).get("localhost", "/");

        assertThat(List.of(unknown, slow, reset, body, down))
                .extracting(RawClient.Response::status)
                .containsExactly(404, 504, 502, 404, 503);
        for (RawClient.Response response : List.of(unknown, slow, reset, body, down)) {
            String id = response.body().lines().skip(1).findFirst().orElseThrow();
            assertThat(id).matches("request [0-9a-f]{16,20}");
            if (response.status() == 404) {
                // What clients do wrong is at DEBUG, which is off.
                assertThat(postern.lines()).noneMatch(line -> line.contains(id));
            } else {
                assertThat(postern.awaitLine(id + ":")).contains("answered " + response.status());
            }
        }
    }

    @Test
    void portInUseEndsWith69AndOneLineAndNothingIsBound() throws Exception {
        int http = FreePorts.next();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            PosternProcess postern = start(http, taken.getLocalPort(), "");

            assertThat(postern.awaitExit()).isEqualTo(69);
            assertThat(postern.lines().stream().filter(line -> line.contains("in use")))
                    .singleElement()
                    .asString()
                    .contains("listener https 127.0.0.1:" + taken.getLocalPort() + ": bind: address already in use");
            assertThat(postern.lines()).noneMatch(line -> line.contains("\tat ") || line.contains("Exception"));
            assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), http).close())
                    .isInstanceOf(ConnectException.class);
        }
    }

    // SO_REUSEPORT alone would let both of them bind, and each would get half of the connections.
    @Test
    void secondPosternOnTheSamePortEndsWith69() throws Exception {
        PosternProcess first = run("");

        PosternProcess second = start(0, first.port("https"), "");

        assertThat(second.awaitExit()).isEqualTo(69);
        for (int i = 0; i < 10; i++) {
            assertThat(connect(first).get("localhost", "/").body()).isEqualTo("hello");
        }
    }

    @Test
    @Tag("long")
    void largeDownloadTakesNoMemory() throws Exception {
        PosternProcess postern = run("");
        download(postern, LARGE / 8);
        long before = residentKilobytes(postern);

        download(postern, LARGE);

        assertThat(residentKilobytes(postern) - before).isLessThan(MAX_GROWTH_KILOBYTES);
    }

    @Test
    @Tag("long")
    void largeUploadTakesNoMemory() throws Exception {
        PosternProcess postern = run("");
        upload(postern, LARGE / 8);
        long before = residentKilobytes(postern);

        upload(postern, LARGE);

        assertThat(residentKilobytes(postern) - before).isLessThan(MAX_GROWTH_KILOBYTES);
    }

    private static void serve(TestServer.Request request, TestServer.Connection connection) throws IOException {
        String path = request.line().split(" ", -1)[1];
        if (path.startsWith("/slow")) {
            connection.in().read();
        } else if (path.startsWith("/reset")) {
            connection.reset();
        } else if (path.startsWith("/download/")) {
            long left = Long.parseLong(path.substring("/download/".length()));
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + left + "\r\n\r\n");
            byte[] piece = new byte[256 * 1024];
            for (; left > 0; left -= piece.length) {
                connection.send(piece);
            }
        } else if (!request.header("Content-Length").isEmpty()) {
            connection
                    .in()
                    .skipNBytes(Long.parseLong(request.header("Content-Length").get(0)));
            connection.send(TestServer.ok("got it"));
        } else {
            connection.send(TestServer.ok("hello"));
        }
    }

    private void download(PosternProcess postern, long bytes) throws Exception {
        assertThat(curl(postern, "/download/" + bytes, "-o", "/dev/null", "-w", "%{http_code} %{size_download}"))
                .isEqualTo("200 " + bytes);
    }

    private void upload(PosternProcess postern, long bytes) throws Exception {
        Path file = directory.resolve("upload");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.truncate(0);
            // All of it is a hole.
            channel.write(ByteBuffer.allocate(1), bytes - 1);
        }
        assertThat(curl(postern, "/", "-T", file.toString(), "-X", "POST", "-H", "Expect:"))
                .isEqualTo("got it");
    }

    /** Not this process, which would be longer about the cryptography of so much than about all else. */
    private static String curl(PosternProcess postern, String path, String... options) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(RealPrograms.require("curl", "curl").toString(), "-sSk", "--http1.1"));
        command.addAll(List.of(options));
        command.add("https://localhost:" + postern.port("https") + path);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isEqualTo(0);
        return output;
    }

    private static long residentKilobytes(PosternProcess postern) {
        try (var lines = Files.lines(Path.of("/proc/" + postern.pid() + "/status"))) {
            String line =
                    lines.filter(text -> text.startsWith("VmRSS:")).findFirst().orElseThrow();
            return Long.parseLong(line.replaceAll("[^0-9]", ""));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private RawClient connect(PosternProcess postern) throws IOException {
        return RawClient.tls(postern.port("https"), site.trust(), "localhost");
    }

    private PosternProcess run(String more) throws IOException {
        PosternProcess postern = start(0, 0, more);
        postern.awaitLine("ready:");
        return postern;
    }

    private PosternProcess start(int http, int https, String more) throws IOException {
        PosternProcess postern = PosternProcess.start(
                directory, "run", "-c", write(http, https, more).toString());
        started.add(postern);
        return postern;
    }

    private Path write(int http, int https, String more) throws IOException {
        if (certificate == null) {
            certificate = site.certificate("localhost");
        }
        Path file = directory.resolve("postern.yaml");
        Files.writeString(file, """
                listeners:
                  http: { bind: "127.0.0.1:%d" }
                  https: { bind: "127.0.0.1:%d" }
                  challenge: { bind: "127.0.0.1:0" }
                sites: [{ names: [localhost], backend: web, certificate: %s }]
                backends: { web: { servers: ["%s"] } }
                %s
                """.formatted(http, https, certificate, server.address(), more));
        return file;
    }
}
