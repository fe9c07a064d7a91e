package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RealPrograms;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Servers as there are many, between a real client and them the edge. */
class RealServersTest {
    /** Over what any window or buffer on the way holds, bytes. */
    private static final int BIG = 2 << 20;

    /** Many times what nginx takes on one connection here: it says GOAWAY, or closes, in between. */
    private static final int MANY = 1000;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private Path big;

    enum Software {
        NGHTTPD,
        NGINX_H2C,
        NGINX_HTTP1
    }

    @BeforeEach
    void makeFiles() throws IOException {
        Path folder = Files.createDirectory(edge.directory().resolve("www"));
        Files.writeString(folder.resolve("small.txt"), "hello");
        byte[] bytes = new byte[BIG];
        new Random(1).nextBytes(bytes);
        big = Files.write(folder.resolve("big.bin"), bytes);
    }

    @ParameterizedTest
    @EnumSource
    void everythingArrivesAsItIs(Software software) throws Exception {
        start(software);
        for (String version : List.of("--http1.1", "--http2")) {
            assertThat(curl(version, "small.txt")).isEqualTo("hello 200");
            assertThat(curl(version, "none.txt", "--output", "/dev/null")).isEqualTo(" 404");
            String head = curl(version, "small.txt", "--head");
            assertThat(head).endsWith(" 200").containsIgnoringCase("\ncontent-length: 5\r");
            String modified = head.lines()
                    .filter(line -> line.regionMatches(true, 0, "Last-Modified:", 0, 14))
                    .findFirst()
                    .orElseThrow();
            assertThat(curl(version, "small.txt", "--header", "If-Modified-Since" + modified.substring(13)))
                    .isEqualTo(" 304");

            Path got = edge.directory().resolve("got");
            assertThat(curl(version, "big.bin", "--output", got.toString())).isEqualTo(" 200");
            assertThat(Files.mismatch(got, big)).isEqualTo(-1);

            // Of known length, and of none.
            for (String framing : List.of("X-Framing: length", "Transfer-Encoding: chunked")) {
                if (version.equals("--http2") && framing.startsWith("Transfer")) {
                    continue;
                }
                Files.deleteIfExists(got);
                String answer = curl(
                        version,
                        "upload",
                        "--data-binary",
                        "@" + big,
                        "--header",
                        "Expect:",
                        "--header",
                        framing,
                        "--output",
                        got.toString());
                assertThat(answer).isEqualTo(" 200");
                Path taken = software == Software.NGHTTPD ? got : Path.of(Files.readString(got));
                assertThat(Files.mismatch(taken, big))
                        .as(version + " " + framing)
                        .isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyAtOnceAreAllAnswered(Software software) throws Exception {
        start(software);
        Path h2load = RealPrograms.require("h2load", "nghttp2-client");
        String url = "https://localhost:" + edge.httpsPort() + "/small.txt";

        for (List<String> how : List.of(List.of("--max-concurrent-streams=10"), List.of("--h1"))) {
            List<String> command = new ArrayList<>(List.of(h2load.toString(), "-n" + MANY, "-c8"));
            command.addAll(how);
            command.add(url);
            String said = output(command);

            assertThat(said).contains(MANY + " succeeded, 0 failed, 0 errored, 0 timeout", MANY + " 2xx");
        }

        if (software != Software.NGHTTPD) {
            // Connections are kept: one for as many requests as nginx wants, and as many as are needed at once.
            try (Stream<String> connections = Files.lines(edge.directory().resolve("access.log"))) {
                assertThat(connections.distinct().count()).isLessThan(200);
            }
        }
    }

    private String curl(String version, String path, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                RealPrograms.require("curl", "curl").toString(),
                "--silent",
                "--show-error",
                version,
                "--max-time",
                "30",
                "--cacert",
                edge.site().rootFile().toString(),
                "--write-out",
                " %{http_code}"));
        command.addAll(List.of(more));
        command.add("https://localhost:" + edge.httpsPort() + "/" + path);
        return output(command);
    }

    private static String output(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private void start(Software software) throws Exception {
        int port = FreePorts.next();
        List<String> command = software == Software.NGHTTPD ? nghttpd(port) : nginx(software, port);
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(edge.directory().resolve("server.log").toFile())
                .start();
        edge.closes(() -> process.destroyForcibly().waitFor());
        Awaitility.await()
                .ignoreExceptions()
                .untilAsserted(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
        String protocol = software == Software.NGINX_HTTP1 ? "http1" : "h2c";
        edge.startWithBackend("{ servers: [\"127.0.0.1:%d\"], protocol: %s }".formatted(port, protocol), "");
    }

    private List<String> nghttpd(int port) {
        return List.of(
                RealPrograms.require("nghttpd", "nghttp2-server").toString(),
                "--no-tls",
                "--echo-upload",
                "--address=127.0.0.1",
                "--htdocs=" + big.getParent(),
                Integer.toString(port));
    }

    /** One process, which may read what we may; what it is sent to /upload it writes into a file, and says its name. */
    private List<String> nginx(Software software, int port) throws IOException {
        Path folder = edge.directory();
        Path file = Files.writeString(
                folder.resolve("nginx.conf"), """
                daemon off;
                master_process off;
                pid nginx.pid;
                error_log error.log;
                events { worker_connections 512; }
                http {
                  client_body_temp_path bodies;
                  proxy_temp_path temporary;
                  fastcgi_temp_path temporary;
                  uwsgi_temp_path temporary;
                  scgi_temp_path temporary;
                  log_format connection $connection;
                  access_log access.log connection;
                  client_max_body_size 64m;
                  keepalive_requests 100;
                  server {
                    listen 127.0.0.1:%d%s;
                    root www;
                    location = /upload {
                      client_body_in_file_only on;
                      proxy_pass_request_body off;
                      proxy_set_header Content-Length "";
                      proxy_set_header X-File $request_body_file;
                      proxy_pass http://unix:taken.sock;
                    }
                  }
                  server {
                    listen unix:taken.sock;
                    return 200 $http_x_file;
                  }
                }
                """.formatted(port, software == Software.NGINX_H2C ? " http2" : "")
                        .replace("taken.sock", folder.resolve("taken.sock").toString()));
        return List.of(
                RealPrograms.require("nginx", "nginx-light").toString(),
                "-p",
                folder + "/",
                "-e",
                "error.log",
                "-c",
                file.toString());
    }
}
