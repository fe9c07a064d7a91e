package dev.postern.http.h2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.DistantPort;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whoever is far away sends as fast as it can: no window of HTTP/2 makes it wait a round trip for every 64 KiB. */
@Tag("long")
class LongWayTest {
    private static final Duration DELAY = Duration.ofMillis(40);
    private static final int WHOLE = 20_000_000;

    /** After so many bytes the windows have grown, if they grow. */
    private static final int WARM = WHOLE / 2;

    /** Bytes under way that make 8 MB/s of a round trip of 80 ms; windows of 64 KiB make 0.7. */
    private static final int UNDER_WAY = 640_000;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** However slow the machine: as much as is sent while nothing of it comes. */
    private static void assertGoesOnWithoutAnAnswer(DistantPort.Way way) {
        Awaitility.await().atMost(Duration.ofMinutes(1)).until(() -> way.sent() >= WARM);
        way.close();
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(way.under()).isGreaterThan(UNDER_WAY));
        way.open();
    }

    @Test
    void uploadOfADistantClientGoesAsFastAsItsServerTakesIt() throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.in().skipNBytes(WHOLE);
            connection.send(TestServer.ok("got it"));
        }));
        edge.startWith(server);
        DistantPort distant = edge.closes(new DistantPort(edge.httpsPort(), DELAY));
        byte[] body = new byte[WHOLE];
        HttpClient client = HttpClient.newBuilder()
                .sslContext(edge.trust())
                .version(HttpClient.Version.HTTP_2)
                .build();

        CompletableFuture<HttpResponse<String>> response = client.sendAsync(
                HttpRequest.newBuilder(URI.create("https://localhost:" + distant.port() + "/"))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertGoesOnWithoutAnAnswer(distant.there());

        assertThat(response.get(1, TimeUnit.MINUTES).version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.get().body()).isEqualTo("got it");
        Awaitility.await().until(() -> WindowBudget.PROCESS.granted() == 0);
    }

    @Test
    void downloadFromADistantServerGoesAsFastAsItsClientTakesIt() throws Exception {
        Path folder = Files.createDirectory(edge.directory().resolve("www"));
        Files.write(folder.resolve("big.bin"), new byte[WHOLE]);
        int port = FreePorts.next();
        Process nghttpd = new ProcessBuilder(
                        RealPrograms.require("nghttpd", "nghttp2-server").toString(),
                        "--no-tls",
                        "--address=127.0.0.1",
                        "--htdocs=" + folder,
                        Integer.toString(port))
                .redirectErrorStream(true)
                .redirectOutput(edge.directory().resolve("server.log").toFile())
                .start();
        edge.closes(() -> nghttpd.destroyForcibly().waitFor());
        Awaitility.await()
                .ignoreExceptions()
                .untilAsserted(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
        DistantPort distant = edge.closes(new DistantPort(port, DELAY));
        edge.startWithBackend("{ servers: [\"127.0.0.1:%d\"], protocol: h2c }".formatted(distant.port()), "");

        RawClient client = edge.client();
        client.request("GET /big.bin HTTP/1.1", "Host: localhost", "Connection: close");
        CompletableFuture<Void> taken = CompletableFuture.runAsync(() -> {
            try {
                client.in().skipNBytes(WHOLE);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertGoesOnWithoutAnAnswer(distant.back());

        taken.get(1, TimeUnit.MINUTES);
    }
}
