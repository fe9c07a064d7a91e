package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import dev.postern.testing.TestSite;
import java.io.IOException;
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

/**
 * Twenty reloads of a real daemon, each with a real change, while clients keep asking over HTTP/1 and HTTP/2, on old
 * connections and new ones, and a hundred WebSockets are open: nobody notices, and no memory stays behind.
 */
@Tag("long")
class ReloadUnderLoadTest {
    private static final int RELOADS = 20;
    private static final int WEBSOCKETS = 100;

    /** What lives after a full collection; a reload that kept what it replaced would keep some of it twenty times. */
    private static final long MAX_HEAP_GROWTH = 4 << 20;

    /** Compiled code, metaspace and buffers settle while it runs; a listener or a TLS context that stayed would not. */
    private static final long MAX_RESIDENT_GROWTH_KILOBYTES = 48 * 1024;

    /** After these every kind of change has been made once, and undone once. */
    private static final int WARM = 8;

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
    private String certificate;
    private String extra;

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
    void makeSites() throws Exception {
        installation = new Installation(directory);
        site = new TestSite(directory);
        certificate = site.certificate("localhost");
        extra = site.certificate("extra.example");
    }

    @Test
    void twentyReloadsFailNoRequestCloseNoWebSocketAndKeepNoMemory() throws Exception {
        for (String key : List.of("key-0.pem", "key-1.pem")) {
            // Else the log says that others can read it.
            Files.setPosixFilePermissions(directory.resolve(key), PosixFilePermissions.fromString("rw-------"));
        }
        TestServer stays = closes(TestServer.startAtHead(ReloadUnderLoadTest::serve));
        TestServer comesAndGoes = closes(TestServer.startAtHead(ReloadUnderLoadTest::serve));
        configure(0, stays, comesAndGoes);
        PosternProcess postern = closes(PosternProcess.start(
                directory,
                List.of("-Xmx96m", "-XX:+UseSerialGC"),
                "run",
                "-c",
                installation.configuration().toString()));
        postern.awaitLine("Edge - ready: ");
        List<RawClient> websockets = new ArrayList<>();
        for (int i = 0; i < WEBSOCKETS; i++) {
            websockets.add(openWebSocket());
        }
        List<Thread> clients =
                List.of(start(this::askOnOneConnection), start(this::askOnNewConnections), start(this::askOverHttp2));
        await().until(() -> http1.get() > 20 && fresh.get() > 5 && http2.get() > 20);

        long heap = 0;
        long resident = 0;
        for (int i = 1; i <= RELOADS; i++) {
            configure(i, stays, comesAndGoes);
            postern.hangUp();
            int done = i;
            await().atMost(Duration.ofSeconds(30))
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> reloads(postern) == done);
            long seen = http1.get() + fresh.get() + http2.get();
            await().until(() -> http1.get() + fresh.get() + http2.get() > seen + 10);
            if (i == WARM) {
                websockets.forEach(ReloadUnderLoadTest::assertEchoes);
                heap = liveHeap(postern);
                resident = residentKilobytes(postern);
            }
        }

        assertThat(liveHeap(postern) - heap).as("growth of the heap").isLessThan(MAX_HEAP_GROWTH);
        assertThat(residentKilobytes(postern) - resident)
                .as("growth of the resident set")
                .isLessThan(MAX_RESIDENT_GROWTH_KILOBYTES);
        stopped.set(true);
        for (Thread client : clients) {
            client.join();
        }
        assertThat(failures).isEmpty();
        websockets.forEach(ReloadUnderLoadTest::assertEchoes);
        assertThat(postern.lines()).noneMatch(line -> line.contains(" ERROR ") || line.contains(" WARN "));
        assertThat(postern.lines().stream().filter(line -> line.contains("reload: ")))
                .noneMatch(line -> line.contains("nothing changed"));
    }

    private static long reloads(PosternProcess postern) {
        return postern.lines().stream()
                .filter(line -> line.contains("reload: "))
                .count();
    }

    /** Four kinds of change in turn, each made and then undone. */
    private void configure(int step, TestServer stays, TestServer comesAndGoes) {
        boolean route = (step + 3) / 4 % 2 == 1;
        boolean server = (step + 2) / 4 % 2 == 1;
        boolean timeout = (step + 1) / 4 % 2 == 1;
        boolean second = step / 4 % 2 == 1;
        String sites = "  - { names: [localhost], certificate: " + certificate + ", routes: [{ path: /, backend: web }"
                + (route ? ", { path: /extra/, respond: { status: 200, body: extra } }" : "") + "] }\n"
                + (second ? "  - { names: [extra.example], certificate: " + extra + ", backend: web }\n" : "");
        installation.configure("sites:\n" + sites + "backends:\n  web:\n    servers: [\"" + stays.address() + "\""
                + (server ? ", \"" + comesAndGoes.address() + "\"" : "") + "]\n"
                + "timeouts: { response: " + (timeout ? "50s" : "40s") + " }\n");
    }

    private static void serve(TestServer.Request request, TestServer.Connection connection) throws IOException {
        if (request.header("Upgrade").isEmpty()) {
            connection.send(TestServer.ok("busy"));
            return;
        }
        connection.send("""
                HTTP/1.1 101 Switching Protocols\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r
                \r
                """);
        byte[] buffer = new byte[64];
        for (int n = connection.in().read(buffer); n > 0; n = connection.in().read(buffer)) {
            connection.send(java.util.Arrays.copyOf(buffer, n));
        }
    }

    private RawClient openWebSocket() throws IOException {
        RawClient client = closes(RawClient.tls(installation.httpsPort(), site.trust(), "localhost"));
        client.send("""
                GET /chat HTTP/1.1\r
                Host: localhost\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
                \r
                """);
        assertThat(client.response().status()).isEqualTo(101);
        return client;
    }

    private static void assertEchoes(RawClient websocket) {
        byte[] text = "still here".getBytes(StandardCharsets.US_ASCII);
        websocket.send(text);
        try {
            assertThat(websocket.in().readNBytes(text.length)).isEqualTo(text);
        } catch (IOException e) {
            throw new AssertionError("a WebSocket was closed", e);
        }
    }

    private Thread start(Runnable client) {
        Thread thread = new Thread(client, "client");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void askOnOneConnection() {
        try (RawClient client = RawClient.tls(installation.httpsPort(), site.trust(), "localhost")) {
            while (!stopped.get()) {
                check("keep-alive", client.get("localhost", "/").body());
                http1.incrementAndGet();
            }
        } catch (IOException | RuntimeException e) {
            failures.add("keep-alive: " + e);
        }
    }

    private void askOnNewConnections() {
        while (!stopped.get()) {
            try (RawClient client = RawClient.tls(installation.httpsPort(), site.trust(), "localhost")) {
                check("new connection", client.get("localhost", "/").body());
                fresh.incrementAndGet();
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

    /** Bytes that are alive after a full collection. */
    private static long liveHeap(PosternProcess postern) throws Exception {
        Process histogram = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(postern.pid()),
                        "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String text = new String(histogram.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(histogram.waitFor(30, TimeUnit.SECONDS)).isTrue();
        String total = text.lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(text));
        return Long.parseLong(total.strip().split("\\s+", -1)[2]);
    }

    private static long residentKilobytes(PosternProcess postern) throws IOException {
        String line = Files.readAllLines(Path.of("/proc/" + postern.pid() + "/status")).stream()
                .filter(text -> text.startsWith("VmRSS:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
    }
}
