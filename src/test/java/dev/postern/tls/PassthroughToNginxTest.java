package dev.postern.tls;

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
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Real clients, through the edge that opens nothing, to a real nginx that has the certificate. */
@Tag("long")
class PassthroughToNginxTest {
    private static final String NAME = "passed.example.com";

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    @BeforeEach
    void start() throws Exception {
        Path folder = edge.directory();
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        edge.site().replace(chain, key, NAME);
        int port = FreePorts.next();
        Path file = Files.writeString(folder.resolve("nginx.conf"), """
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
                  access_log off;
                  server {
                    listen 127.0.0.1:%d ssl http2 proxy_protocol;
                    ssl_certificate %s;
                    ssl_certificate_key %s;
                    ssl_protocols TLSv1.2 TLSv1.3;
                    location / { return 200 "nginx $ssl_server_name $server_protocol $proxy_protocol_addr\\n"; }
                  }
                }
                """.formatted(port, chain, key));
        Process nginx = new ProcessBuilder(
                        RealPrograms.require("nginx", "nginx-light").toString(),
                        "-p",
                        folder + "/",
                        "-e",
                        "error.log",
                        "-c",
                        file.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("server.log").toFile())
                .start();
        edge.closes(() -> nginx.destroyForcibly().waitFor());
        Awaitility.await()
                .ignoreExceptions()
                .untilAsserted(() -> new Socket(InetAddress.getLoopbackAddress(), port).close());
        edge.start("""
                sites:
                  - { names: [localhost], routes: [{ path: /, respond: { body: mine } }], certificate: %s }
                  - { names: [%s], passthrough: nginx }
                backends:
                  nginx: { servers: ["127.0.0.1:%d"], proxy-protocol: v2 }
                """.formatted(edge.site().certificate("localhost"), NAME, port));
    }

    private static String said(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return said;
    }

    private String curl(String version) throws Exception {
        return said(
                RealPrograms.require("curl", "curl").toString(),
                "--silent",
                "--show-error",
                version,
                "--cacert",
                edge.site().rootFile().toString(),
                "--resolve",
                NAME + ":" + edge.httpsPort() + ":127.0.0.1",
                "https://" + NAME + ":" + edge.httpsPort() + "/");
    }

    @Test
    void curlSpeaksToNginxInHttp1AndHttp2() throws Exception {
        assertThat(curl("--http1.1")).isEqualTo("nginx " + NAME + " HTTP/1.1 127.0.0.1\n");
        assertThat(curl("--http2")).isEqualTo("nginx " + NAME + " HTTP/2.0 127.0.0.1\n");
    }

    @Test
    void opensslIsShownTheCertificateOfNginx() throws Exception {
        for (String version : List.of("-tls1_2", "-tls1_3")) {
            String said = said(
                    RealPrograms.require("openssl", "openssl").toString(),
                    "s_client",
                    "-connect",
                    "127.0.0.1:" + edge.httpsPort(),
                    "-servername",
                    NAME,
                    version,
                    "-CAfile",
                    edge.site().rootFile().toString(),
                    "-verify_hostname",
                    NAME,
                    "-verify_return_error");
            assertThat(said).contains("Verification: OK", "Verified peername: " + NAME);
        }
    }

    @Test
    void browserGetsThePageOfNginx() throws Exception {
        assertThat(page(NAME)).contains("nginx " + NAME + " HTTP/2.0 127.0.0.1");
        assertThat(page("localhost")).contains("mine");
    }

    private String page(String name) throws IOException, InterruptedException {
        Path log = edge.directory().resolve("chromium-" + name + ".html");
        Process browser = new ProcessBuilder(
                        RealPrograms.require("chromium", "chromium").toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--ignore-certificate-errors",
                        "--host-resolver-rules=MAP " + NAME + " 127.0.0.1",
                        "--user-data-dir=" + edge.directory().resolve("chromium-" + name),
                        "--dump-dom",
                        "https://" + name + ":" + edge.httpsPort() + "/")
                .redirectOutput(log.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(browser.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return Files.readString(log);
        } finally {
            browser.descendants().forEach(ProcessHandle::destroyForcibly);
            browser.destroyForcibly().waitFor();
        }
    }
}
