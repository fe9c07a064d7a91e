package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who answers before the whole upload was read, and closes, must not have his answer destroyed by what still comes. */
@Tag("long")
class UnreadUploadsTest {
    private static final int TIMES = 20;
    private static final int UPLOAD = 50_000_000;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @ParameterizedTest(name = "{0}, {1}")
    @CsvSource({
        "401, http",
        "401, http/1.1",
        "401, h2",
        "503, http",
        "503, http/1.1",
        "503, h2",
        "413, http",
        "413, http/1.1",
        "413, h2",
        "404, http",
        "421, http/1.1",
        "308, http"
    })
    void curlGetsTheAnswerToAnUploadThatNobodyReads(int status, String protocol) throws Exception {
        String curl = RealPrograms.require("curl", "curl").toString();
        start(status);
        Path upload = edge.directory().resolve("upload");
        try (RandomAccessFile file = new RandomAccessFile(upload.toFile(), "rw")) {
            file.setLength(UPLOAD);
        }
        String scheme = protocol.equals("http") ? "http" : "https";
        int port = protocol.equals("http") ? edge.httpPort() : edge.httpsPort();
        String host = status == 404 ? "unknown.example" : status == 421 ? "other.example" : "localhost";

        List<String> got = new ArrayList<>();
        for (int i = 0; i < TIMES; i++) {
            got.add(run(
                    curl,
                    "--silent",
                    "--insecure",
                    "--max-time",
                    "30",
                    protocol.equals("h2") ? "--http2" : "--http1.1",
                    "--header",
                    "Expect:",
                    "--header",
                    "Host: " + host,
                    "--upload-file",
                    upload.toString(),
                    "--output",
                    edge.directory().resolve("answer").toString(),
                    "--write-out",
                    "%{http_code}",
                    scheme + "://localhost:" + port + "/" + status));
        }

        assertThat(got).isEqualTo(Collections.nCopies(TIMES, Integer.toString(status)));
    }

    private void start(int status) throws Exception {
        TestServer server = edge.closes(TestServer.startAtHead((request, connection) -> {
            connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            connection.close();
        }));
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: %s }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    certificate: %s
                    routes:
                      - { path: /401, auth: { users: { al: "$2y$04$64TCVtnxFbnmfz6eK0kZ6uOGfxtjzBwC4RDP45EFUJpNk0nPjNR02" } }, backend: web }
                      - { path: /503, backend: dead }
                      - { path: /413, backend: web }
                  - names: [other.example]
                    certificate: %s
                    backend: web
                backends:
                  web: { servers: ["%s"] }
                  dead: { servers: ["127.0.0.1:%d"] }
                """.formatted(
                        status == 308 ? "308" : "off",
                        edge.site().certificate("localhost"),
                        edge.site().certificate("other.example"),
                        server.address(),
                        FreePorts.next()));
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        return out;
    }
}
