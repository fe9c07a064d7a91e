package dev.postern.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The daemon's socket, on a real one: who may use it, what is sent over it, and who is not let in. */
class ControlSocketTest {
    @TempDir
    private Path directory;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final List<ControlSocket> opened = new ArrayList<>();
    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicInteger finished = new AtomicInteger();

    @AfterEach
    void stop() throws IOException {
        release.countDown();
        for (ControlSocket socket : opened) {
            socket.close();
        }
        threads.shutdownNow();
        timer.shutdownNow();
    }

    private Path file() {
        return directory.resolve("control.sock");
    }

    private ControlSocket open() throws IOException {
        ControlSocket socket = ControlSocket.open(file(), this::command, threads, timer);
        opened.add(socket);
        socket.start();
        return socket;
    }

    private JsonObject command(JsonObject request, Consumer<String> progress)
            throws ControlFailure, InterruptedException {
        JsonObject answer = new JsonObject();
        switch (ControlRequest.text(request, "command", "")) {
            case "echo" -> answer.add("echo", request);
            case "steps" -> {
                progress.accept("one");
                progress.accept("two");
            }
            case "no" -> throw ControlFailure.no("the CA said no");
            case "bug" -> throw new IllegalStateException("broken");
            case "wait" -> release.await();
            default -> throw ControlFailure.usage("unknown");
        }
        finished.incrementAndGet();
        return answer;
    }

    private JsonObject ask(String command, Consumer<String> progress) throws ControlFailure {
        try (ControlClient client =
                ControlClient.connect(file(), Path.of("postern.yaml")).orElseThrow()) {
            return client.run(ControlRequest.of(command).json(), progress);
        }
    }

    @Test
    void onlyItsOwnerMayUseIt() throws IOException {
        open();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-------");
        try (var rest = Files.list(directory)) {
            assertThat(rest).containsExactly(file());
        }
    }

    @Test
    void resultComesAfterItsProgress() throws Exception {
        open();
        List<String> progress = new ArrayList<>();

        assertThat(ask("steps", progress::add)).isEqualTo(new JsonObject());
        assertThat(progress).containsExactly("one", "two");
        assertThat(ask("echo", progress::add)
                        .getAsJsonObject("echo")
                        .get("command")
                        .getAsString())
                .isEqualTo("echo");
    }

    @Test
    void failureKeepsItsMessageAndItsExitCode() throws IOException {
        open();

        assertThatThrownBy(() -> ask("no", line -> {}))
                .isInstanceOfSatisfying(
                        ControlFailure.class, e -> assertThat(e.exitCode()).isEqualTo(1))
                .hasMessage("the CA said no");
        assertThatThrownBy(() -> ask("bug", line -> {}))
                .isInstanceOfSatisfying(
                        ControlFailure.class, e -> assertThat(e.exitCode()).isEqualTo(70))
                .hasMessageContaining("broken");
    }

    @Test
    void fifthClientIsTurnedAwayAtOnceAndTheOthersAreServed() throws Exception {
        open();
        List<CompletableFuture<Void>> waiting = new ArrayList<>();
        for (int i = 0; i < ControlSocket.MAX_CLIENTS; i++) {
            waiting.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            ask("wait", line -> {});
                        } catch (ControlFailure e) {
                            throw new IllegalStateException(e);
                        }
                    },
                    threads));
        }

        await().untilAsserted(() -> assertThatThrownBy(() -> ask("echo", line -> {}))
                .isInstanceOfSatisfying(
                        ControlFailure.class, e -> assertThat(e.exitCode()).isEqualTo(69))
                .hasMessageContaining("4 commands are under way"));
        release.countDown();
        waiting.forEach(CompletableFuture::join);
        await().untilAsserted(() -> assertThat(ask("steps", line -> {})).isEqualTo(new JsonObject()));
    }

    @Test
    void silentClientsKeepNobodyOut() throws Exception {
        open();
        List<SocketChannel> silent = new ArrayList<>();
        for (int i = 0; i < 3 * ControlSocket.MAX_SILENT; i++) {
            silent.add(raw());
        }

        assertThat(ask("steps", line -> {})).isEqualTo(new JsonObject());

        assertThat(silent.get(0).read(ByteBuffer.allocate(1))).isEqualTo(-1);
        for (SocketChannel client : silent) {
            client.close();
        }
    }

    // What is in flight at a CA costs a rate limit: nobody's Ctrl-C throws it away.
    @Test
    void clientThatGoesAwayInterruptsNothing() throws Exception {
        open();
        try (SocketChannel client = raw()) {
            client.write(bytes("{\"command\": \"wait\"}\n"));
        }

        release.countDown();

        await().untilAsserted(() -> assertThat(finished).hasValue(1));
    }

    @Test
    void whatIsNoRequestIsAnsweredAndNotDone() throws Exception {
        open();

        assertThat(answer("nonsense\n")).contains("\"exit\":64", "not a JSON object");
        assertThat(answer("[1]\n")).contains("\"exit\":64");
        assertThat(answer("{\"command\": 7}\n")).contains("\"exit\":64");
        assertThat(answer("{\"command\": \"status\", \"for\": \"1h\"}\n")).contains("\"exit\":64", "unknown key");
        assertThat(answer("x".repeat(ControlConnection.MAX_REQUEST + 1))).contains("\"exit\":64", "longer than 65536");
        assertThat(finished).hasValue(0);
    }

    @Test
    void socketOfADeadDaemonIsReplaced() throws Exception {
        ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        dead.bind(UnixDomainSocketAddress.of(file()));
        dead.close();
        assertThat(file()).exists();
        assertThat(ControlClient.connect(file(), Path.of("postern.yaml"))).isEmpty();

        open();

        assertThat(ask("steps", line -> {})).isEqualTo(new JsonObject());
    }

    @Test
    void socketOfALivingDaemonIsNot() throws Exception {
        open();

        assertThatThrownBy(() -> ControlSocket.open(file(), this::command, threads, timer))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(file() + ": another postern takes commands here");
        assertThat(ask("steps", line -> {})).isEqualTo(new JsonObject());
    }

    @Test
    void fileThatIsNoSocketIsLeftAlone() throws Exception {
        Files.writeString(file(), "precious");

        assertThatThrownBy(() -> ControlSocket.open(file(), this::command, threads, timer))
                .hasMessageStartingWith(file() + ": is not a socket");
        assertThat(file()).hasContent("precious");
    }

    @Test
    void pathThatIsTooLongForASocketIsSaid() throws IOException {
        Path deep = Files.createDirectories(directory.resolve("d".repeat(100)));

        assertThatThrownBy(() -> ControlSocket.open(deep.resolve("control.sock"), this::command, threads, timer))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no control socket can be opened here: ");
        try (var rest = Files.list(deep)) {
            assertThat(rest).isEmpty();
        }
    }

    /** Whoever may use the socket may say what is wanted, and nothing else, in the log. */
    @Test
    void requestMakesNoLineOfTheLogButItsOwn() {
        JsonObject request = ControlRequest.of("renew\n2026-03-01 WARN Forged - all is lost")
                .with("site", "a\u001b[2J\u2028b\u202e")
                .json();
        assertThat(ControlConnection.describe(request))
                .isEqualTo("renew 2026-03-01 WARN Forged - all is lost a\\u001b[2J b\\u202e");
        assertThat(ControlConnection.describe(
                        ControlRequest.of("x".repeat(100_000)).json()))
                .hasSizeLessThan(600);
    }

    @Test
    void nothingIsLeftOfAClosedOne() throws Exception {
        open().close();

        assertThat(file()).doesNotExist();
        assertThat(ControlClient.connect(file(), Path.of("postern.yaml"))).isEmpty();
    }

    private SocketChannel raw() throws IOException {
        SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX);
        client.connect(UnixDomainSocketAddress.of(file()));
        return client;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private String answer(String request) throws IOException {
        try (SocketChannel client = raw()) {
            client.write(bytes(request));
            return new BufferedReader(new InputStreamReader(Channels.newInputStream(client), StandardCharsets.UTF_8))
                    .readLine();
        }
    }
}
