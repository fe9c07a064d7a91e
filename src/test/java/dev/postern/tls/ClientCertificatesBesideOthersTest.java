package dev.postern.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.postern.pki.Pem;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestPki;
import dev.postern.testing.TestPki.Ca;
import dev.postern.testing.TestPki.Identity;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The same certificates shown to Postern, HAProxy and nginx: what Postern does otherwise is listed here with its reason. */
@Tag("long")
class ClientCertificatesBesideOthersTest {
    private static final Duration DAY = Duration.ofDays(1);
    private static final String WELCOME = "200";

    /** Which alert HAProxy sends, and which Postern. */
    private static final Map<String, Map<String, String>> DIFFERENT = Map.of(
            // RFC 8446 section 6.2: "a certificate has expired or is not currently valid".
            "TLSv1.3, not yet valid", Map.of("bad_certificate", "certificate_expired"),
            "TLSv1.2, not yet valid", Map.of("bad_certificate", "certificate_expired"),
            // BoringSSL looks at that itself, before anybody is asked about the certificate.
            "TLSv1.3, for encipherment only", Map.of("unsupported_certificate", "illegal_parameter"));

    @RegisterExtension
    private final EdgeExtension edge = new EdgeExtension();

    private final Instant now = Instant.now();
    private final Ca root = TestPki.root("Clients");
    private final Ca middle = root.intermediate(wish -> {});
    private final Ca unlisted = root.intermediate(wish -> {});
    private final Ca ended = root.intermediate(wish -> {});
    private final Ca gone = root.intermediate(wish -> {});
    private final Identity revoked = root.client("revoked");
    private final Map<String, Process> processes = new LinkedHashMap<>();

    @AfterEach
    void endProcesses() throws Exception {
        for (Process process : processes.values()) {
            process.destroy();
            process.waitFor();
        }
    }

    private Map<String, Identity> clients() {
        Map<String, Identity> clients = new LinkedHashMap<>();
        clients.put("good", root.client("good"));
        clients.put("good, of an intermediate CA", middle.client("good"));
        clients.put("of somebody else", TestPki.root("Clients").client("eve"));
        clients.put("self-signed", TestPki.selfSigned("eve", wish -> {}));
        clients.put("expired", root.client("old", wish -> wish.to(now.minusSeconds(60))));
        clients.put("not yet valid", root.client("new", wish -> wish.from(now.plusSeconds(600))));
        clients.put("for servers", root.client("server", wish -> wish.purposes(KeyPurposeId.id_kp_serverAuth)));
        clients.put("for encipherment only", root.client("a", wish -> wish.usage(KeyUsage.keyEncipherment)));
        clients.put(
                "without any usage", root.client("a", wish -> wish.purposes().usage(0)));
        clients.put(
                "of an intermediate that is no CA",
                root.intermediate(wish -> wish.constraints(new BasicConstraints(false)))
                        .client("eve"));
        clients.put("revoked", revoked);
        clients.put("of a revoked intermediate", gone.client("a"));
        clients.put("of a CA without a list", unlisted.client("a"));
        clients.put("of a CA whose list has ended", ended.client("a"));
        clients.put("incomplete", middle.client("a").with());
        clients.put("signed with SHA-1", root.client("a", wish -> wish.algorithm("SHA1withECDSA")));
        return clients;
    }

    private X509CRL[] lists() {
        return new X509CRL[] {
            root.revoking(revoked.leaf(), gone.certificate()),
            middle.revoking(),
            gone.revoking(),
            ended.list(now.minus(DAY), now.minusSeconds(60), builder -> {})
        };
    }

    @Test
    void sameCertificatesAreGoodAndForTheSameReason() throws Exception {
        Path haproxy = RealPrograms.require("haproxy", "haproxy");
        Path nginx = RealPrograms.require("nginx", "nginx-light");
        Path folder = edge.directory();
        X509Certificate serverRoot = Trust.certificate(edge.site().rootFile());
        Path anchors = Files.writeString(folder.resolve("ca.pem"), Pem.of(List.of(root.certificate())));
        Path crl = TestPki.replace(folder.resolve("crl.pem"), lists());
        Path chain = folder.resolve("server.pem");
        Path key = folder.resolve("server.key");
        X509Certificate unused = edge.site().replace(chain, key, "localhost");
        Path both = Files.writeString(folder.resolve("both.pem"), Files.readString(chain) + Files.readString(key));
        edge.start("""
                sites:
                  - names: [localhost]
                    certificate: { chain: %s, key: %s }
                    client-certificates: { ca: %s, crl: %s }
                    routes: [{ path: /, respond: { body: hello } }]
                """.formatted(chain, key, anchors, crl));
        int haproxyPort = FreePorts.next();
        start(
                "haproxy",
                folder,
                haproxyPort,
                List.of(
                        haproxy.toString(),
                        "-db",
                        "-q",
                        "-f",
                        Files.writeString(folder.resolve("haproxy.cfg"), """
                defaults
                  mode http
                  timeout connect 3s
                  timeout client 10s
                  timeout server 10s
                frontend in
                  bind 127.0.0.1:%d ssl crt %s ca-file %s crl-file %s verify required
                  http-request return status 200
                """.formatted(haproxyPort, both, anchors, crl))
                                .toString()));
        int nginxPort = FreePorts.next();
        start(
                "nginx",
                folder,
                nginxPort,
                List.of(
                        nginx.toString(),
                        "-e",
                        folder.resolve("nginx.log").toString(),
                        "-p",
                        folder.toString(),
                        "-c",
                        Files.writeString(folder.resolve("nginx.conf"), """
                daemon off;
                master_process off;
                pid %1$s/nginx.pid;
                error_log %1$s/nginx.log;
                events { }
                http {
                  access_log off;
                  client_body_temp_path %1$s; proxy_temp_path %1$s; fastcgi_temp_path %1$s; uwsgi_temp_path %1$s; scgi_temp_path %1$s;
                  server {
                    listen 127.0.0.1:%2$d ssl;
                    ssl_certificate %3$s;
                    ssl_certificate_key %4$s;
                    ssl_protocols TLSv1.2 TLSv1.3;
                    ssl_verify_client on;
                    ssl_verify_depth 4;
                    ssl_client_certificate %5$s;
                    ssl_crl %6$s;
                    location / { return 200 hello; }
                  }
                }
                """.formatted(
                                                folder, nginxPort, chain, key, anchors, crl))
                                .toString()));

        for (String version : List.of("TLSv1.3", "TLSv1.2")) {
            compare(version + ", none", Trust.in(serverRoot), version, haproxyPort, nginxPort);
            for (Map.Entry<String, Identity> client : clients().entrySet()) {
                compare(
                        version + ", " + client.getKey(),
                        client.getValue().context(serverRoot),
                        version,
                        haproxyPort,
                        nginxPort);
            }
        }
    }

    private void compare(String name, SSLContext who, String version, int haproxy, int nginx) throws IOException {
        String postern = get(who, version, edge.httpsPort());
        String ofHaproxy = get(who, version, haproxy);
        String ofNginx = get(who, version, nginx);

        assertThat(ofHaproxy.equals(WELCOME)).as(name).isEqualTo(postern.equals(WELCOME));
        assertThat(ofNginx.equals(WELCOME)).as(name).isEqualTo(postern.equals(WELCOME));
        // nginx makes the handshake, and answers 400. Where HAProxy resets the connection, the client does not hear its
        // alert.
        if (!ofHaproxy.equals("closed")) {
            assertThat(DIFFERENT.getOrDefault(name, Map.of(ofHaproxy, postern)))
                    .as(name)
                    .containsExactly(Map.entry(ofHaproxy, postern));
        }
    }

    private static String get(SSLContext who, String version, int port) throws IOException {
        try (RawClient client =
                RawClient.tls(port, who, "localhost", parameters -> parameters.setProtocols(new String[] {version}))) {
            return Integer.toString(client.get("localhost", "/").status());
        } catch (UncheckedIOException e) {
            return alert(Objects.requireNonNull(e.getCause()));
        } catch (SSLException e) {
            return alert(e);
        } catch (IOException e) {
            return "closed";
        }
    }

    private static String alert(IOException e) {
        String message = String.valueOf(e.getMessage());
        int at = message.indexOf("alert: ");
        return at < 0 ? "closed" : message.substring(at + "alert: ".length());
    }

    private void start(String name, Path folder, int port, List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".out").toFile())
                .start();
        processes.put(name, process);
        await().ignoreExceptionsInstanceOf(IOException.class).untilAsserted(() -> {
            assertThat(process.isAlive())
                    .as(Files.readString(folder.resolve(name + ".out")))
                    .isTrue();
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            }
        });
    }
}
