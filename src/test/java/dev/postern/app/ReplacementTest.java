package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.FreePorts;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import dev.postern.testing.TestSite;
import dev.postern.testing.WebSocketEcho;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A daemon that is replaced by another one while clients keep asking: nobody notices. */
@Tag("long")
class ReplacementTest {
    private static final int REPLACEMENTS = 20;

    @TempDir
    private Path directory;

    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicLong http1 = new AtomicLong();
    private final AtomicLong fresh = new AtomicLong();
    private final AtomicLong http2 = new AtomicLong();
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> closed = new ArrayList<>();

    private Installation installation;
    private TestSite site;
    private TestServer server;
    private String sites;

    @AfterEach
    void close() throws Exception {
        stopped.set(true);
        for (int i = closed.size() - 1; i >= 0; i--) {
            closed.get(i).close();
        }
    }

    private <T extends AutoCloseable> T closes(T resource) {
        closed.add(resource);
        return resource;
    }

    @BeforeEach
    void configure() throws Exception {
        installation = new Installation(directory);
        site = new TestSite(directory);
        String certificate = site.certificate("localhost");
        // Else the log says that others can read it.
        Files.setPosixFilePermissions(directory.resolve("key-0.pem"), PosixFilePermissions.fromString("rw-------"));
        server = closes(TestServer.startAtHead((request, connection) -> {
            if (request.header("Upgrade").isEmpty()) {
                connection.send(TestServer.ok("busy"));
            } else {
                WebSocketEcho.serve(request, connection);
            }
        }));
        // One that is issued, so that there is a store for one process at a time.
        sites = """
                sites:
                  - { names: [localhost], certificate: %s, backend: web }
                  - { names: [own.internal], backend: web }
                acme: { issuers: [internal], store: "%s" }
                backends: { web: { servers: ["%s"] } }
                """.formatted(certificate, installation.store(), server.address());
        configure("5s", "");
    }

    private void configure(String grace, String more) {
        installation.configure(sites + "grace: " + grace + "\n" + more);
    }

    private PosternProcess start(String... more) {
        List<String> arguments = new ArrayList<>(
                List.of("run", "-c", installation.configuration().toString()));
        arguments.addAll(List.of(more));
        return closes(PosternProcess.start(directory, List.of("-Xmx96m"), arguments.toArray(String[]::new)));
    }

    private PosternProcess startUntilReady(String... more) {
        PosternProcess postern = start(more);
        postern.awaitLine("Edge - ready: ");
        return postern;
    }

    @Test
    void twentyReplacementsUnderLoadFailNoRequestAndRefuseNoConnection() throws Exception {
        PosternProcess serving = startUntilReady();
        List<Thread> clients = List.of(
                client(this::askOnOneConnection),
                client(this::askOnNewConnections),
                client(this::askOnNewConnections),
                client(this::askOverHttp2));
        await().until(() -> http1.get() > 20 && fresh.get() > 5 && http2.get() > 20);

        List<String> complaints = new ArrayList<>();
        for (int i = 0; i < REPLACEMENTS; i++) {
            PosternProcess next = startUntilReady("--replace");
            assertThat(serving.awaitExit()).isZero();
            assertThat(serving.lines()).anyMatch(line -> line.endsWith("replaced by process " + next.pid()));
            long seen = http1.get();
            await().until(() -> http1.get() > seen + 10);
            serving.lines().stream()
                    .filter(line -> line.contains(" ERROR ") || line.contains(" WARN "))
                    .forEach(complaints::add);
            serving = next;
        }

        stopped.set(true);
        for (Thread client : clients) {
            client.join();
        }
        assertThat(failures).isEmpty();
        assertThat(complaints).isEmpty();
        System.out.printf(
                "%d replacements: %d requests on connections that stay, %d on new ones, %d over HTTP/2; none failed%n",
                REPLACEMENTS, http1.get(), fresh.get(), http2.get());
        serving.terminate();
        assertThat(serving.awaitExit()).isZero();
    }

    // The most that a new one can be wrong about is found before the old one is asked for anything; a port comes later.
    @Test
    void oneThatCannotStartLeavesTheOtherAsItWas() throws Exception {
        PosternProcess serving = startUntilReady();
        try (TestServer taken = TestServer.saying("here first")) {
            configure("5s", "tcp: [{ name: other, bind: \"127.0.0.1:" + taken.port() + "\", backend: web }]\n");
            PosternProcess next = start("--replace");
            assertThat(next.awaitExit()).isEqualTo(69);
            assertThat(next.lines()).anyMatch(line -> line.contains("address already in use"));
        }
        serving.awaitLine("ended before it could replace this one; nothing has changed");
        assertThat(get()).isEqualTo("busy");
        Files.writeString(installation.configuration(), "nonsense: true\n");
        assertThat(start("--replace").awaitExit()).isEqualTo(78);
        assertThat(get()).isEqualTo("busy");
        // The store is its own again: an order can be made.
        configure("5s", "");
        PosternProcess renew = closes(PosternProcess.start(
                directory,
                "cert",
                "renew",
                "own.internal",
                "-c",
                installation.configuration().toString()));
        assertThat(renew.awaitExit()).as(String.join("\n", renew.lines())).isZero();
        assertThat(startUntilReady("--replace").isAlive()).isTrue();
        assertThat(serving.awaitExit()).isZero();
    }

    // The one before listens there, under another name and at another address of the same port.
    @Test
    void listenerMayHaveAnotherNameAndAnotherAddressOfItsPort() throws Exception {
        String service = "tcp: [{ name: %s, bind: \"%s:" + FreePorts.next() + "\", backend: web }]\n";
        configure("5s", service.formatted("before", "0.0.0.0"));
        PosternProcess serving = startUntilReady();
        configure("5s", service.formatted("after", "127.0.0.1"));

        startUntilReady("--replace");

        assertThat(serving.awaitExit()).isZero();
        assertThat(get()).isEqualTo("busy");
    }

    @Test
    void oneThatIsKilledWhileItStartsLeavesTheOtherAsItWas() throws Exception {
        PosternProcess serving = startUntilReady();
        PosternProcess next = start("--replace");
        serving.awaitLine("is about to replace this one");
        next.kill();

        serving.awaitLine("ended before it could replace this one; nothing has changed");
        assertThat(get()).isEqualTo("busy");
        assertThat(startUntilReady("--replace").isAlive()).isTrue();
        assertThat(serving.awaitExit()).isZero();
    }

    // They are closed one after the other, so that their clients do not come back all at once.
    @Test
    void webSocketsStayWithTheOneBeforeForAsLongAsGrace() throws Exception {
        configure("8s", "");
        PosternProcess before = startUntilReady();
        List<RawClient> webSockets = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            webSockets.add(openWebSocket());
        }

        assertThat(webSockets).allMatch(ReplacementTest::echoes);
        PosternProcess next = startUntilReady("--replace");
        next.awaitLine("replaced process ");
        assertThat(get()).isEqualTo("busy");
        assertThat(webSockets).anyMatch(ReplacementTest::echoes);

        assertThat(before.awaitExit()).isZero();
        assertThat(webSockets).noneMatch(ReplacementTest::echoes);
    }

    private RawClient openWebSocket() throws IOException {
        RawClient webSocket = closes(RawClient.tls(installation.httpsPort(), site.trust(), "localhost"));
        webSocket.send("""
                GET /chat HTTP/1.1\r
                Host: localhost\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                \r
                """);
        assertThat(webSocket.response().status()).isEqualTo(101);
        return webSocket;
    }

    private static boolean echoes(RawClient webSocket) {
        byte[] frame = {(byte) 0x81, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'};
        try {
            webSocket.send(frame);
            return Arrays.equals(webSocket.in().readNBytes(4), new byte[] {(byte) 0x81, 2, 'h', 'i'});
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    @Test
    void sessionsOfTheOneBeforeAreResumed() throws Exception {
        RealPrograms.require("openssl", "openssl");
        Path ticket = directory.resolve("ticket");
        startUntilReady();
        assertThat(openssl("-sess_out", ticket.toString())).contains("New, ");

        for (int i = 0; i < 2; i++) {
            PosternProcess next = startUntilReady("--replace");
            next.awaitLine("replaced process ");
            assertThat(openssl("-sess_in", ticket.toString())).contains("Reused, ");
        }
    }

    @Test
    void usr2StartsTheOneThatReplaces() throws Exception {
        Path number = directory.resolve("postern.pid");
        PosternProcess before = startUntilReady("--pid-file", number.toString());
        await().until(() -> Files.exists(number));
        String first = Files.readString(number);
        before.signal("USR2");

        // The one that it starts has its output, which therefore does not end.
        await().atMost(Duration.ofSeconds(60)).until(() -> !before.isAlive());
        String second = Files.readString(number);
        try {
            assertThat(second).isNotEqualTo(first);
            assertThat(get()).isEqualTo("busy");
        } finally {
            ProcessHandle.of(Long.parseLong(second.strip())).ifPresent(ProcessHandle::destroy);
        }
        await().until(() -> !Files.exists(number));
    }

    @Test
    void withoutOneToReplaceItStartsAsUsual() {
        assertThat(startUntilReady("--replace").lines()).anyMatch(line -> line.contains("there is nothing to replace"));
    }

    private String openssl(String... more) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                "openssl",
                "s_client",
                "-connect",
                "127.0.0.1:" + installation.httpsPort(),
                "-servername",
                "localhost"));
        command.addAll(List.of(more));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream()
                .write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                        .getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return text;
    }

    private String get() throws IOException {
        try (RawClient client = RawClient.tls(installation.httpsPort(), site.trust(), "localhost")) {
            return client.get("localhost", "/").body();
        }
    }

    private Thread client(Runnable task) {
        Thread thread = new Thread(task, "client");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** As clients do: one that is told that it was the last response opens another connection. */
    private void askOnOneConnection() {
        while (!stopped.get()) {
            try (RawClient client = RawClient.tls(installation.httpsPort(), site.trust(), "localhost")) {
                boolean last = false;
                while (!stopped.get() && !last) {
                    RawClient.Response response = client.get("localhost", "/");
                    check("keep-alive", response.body());
                    http1.incrementAndGet();
                    last = response.header("Connection").contains("close");
                }
            } catch (IOException | RuntimeException e) {
                failures.add("keep-alive: " + e);
            }
        }
    }

    private void askOnNewConnections() {
        while (!stopped.get()) {
            try {
                check("new connection", get());
                fresh.incrementAndGet();
            } catch (ConnectException e) {
                failures.add("refused: " + e);
            } catch (IOException | RuntimeException e) {
                failures.add("new connection: " + e);
            }
        }
    }

    private void askOverHttp2() {
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_2)
                .sslContext(site.trust())
                .build();
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://localhost:" + installation.httpsPort() + "/"))
                .timeout(Duration.ofSeconds(20))
                .build();
        while (!stopped.get()) {
            try {
                HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
                check("HTTP/2", response.version() == HttpClient.Version.HTTP_2 ? response.body() : "HTTP/1");
                http2.incrementAndGet();
            } catch (IOException | InterruptedException e) {
                failures.add("HTTP/2: " + e);
            }
        }
    }

    private void check(String who, String body) {
        if (!body.equals("busy")) {
            failures.add(who + ": " + body);
        }
    }
}
