package dev.postern.http.h2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.DistantPort;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whoever is far away sends as fast as it can: no window of HTTP/2 makes it wait a round trip for every 64 KiB. */
@Tag("long")
class LongWayTest {
    private static final Duration DELAY = Duration.ofMillis(40);
    private static final int WHOLE = 20_000_000;

    /** Bytes a second, which is tried for; windows of 64 KiB make 0.7 million of it. */
    private static final double FAST = 8e6;

    /** What it is at least, however busy the machine is with other things. */
    private static final double UNDER_LOAD = FAST / 2;

    private static final int TRIES = 5;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @FunctionalInterface
    private interface Transfer {
        void run() throws Exception;
    }

    private static double bytesPerSecond(Transfer transfer) throws Exception {
        double best = 0;
        for (int i = 0; i < TRIES && best < FAST; i++) {
            long began = System.nanoTime();
            transfer.run();
            best = Math.max(best, WHOLE / ((System.nanoTime() - began) / 1e9));
        }
        return best;
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

        assertThat(bytesPerSecond(() -> {
                    HttpResponse<String> response = client.send(
                            HttpRequest.newBuilder(URI.create("https://localhost:" + distant.port() + "/"))
                                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
                    assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
                    assertThat(response.body()).isEqualTo("got it");
                }))
                .isGreaterThan(UNDER_LOAD);
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

        assertThat(bytesPerSecond(() -> {
                    RawClient client = edge.client();
                    client.request("GET /big.bin HTTP/1.1", "Host: localhost", "Connection: close");
                    client.in().skipNBytes(WHOLE);
                    client.close();
                }))
                .isGreaterThan(UNDER_LOAD);
    }
}
