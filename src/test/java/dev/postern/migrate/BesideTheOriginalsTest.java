package dev.postern.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.migrate.caddy.CaddyImport;
import dev.postern.migrate.nginx.NginxImport;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestCa;
import dev.postern.testing.TestServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * nginx and Caddy with the files that are imported, their addresses changed to those of this machine, and beside each the Postern
 * that the import made of the same file: what they answer, and what their servers see, is compared. Where Postern means to do
 * otherwise, {@code src/test/resources/migrate/differences.txt} says why; whatever is not there fails, and so does a line there that is
 * no difference.
 */
@Tag("long")
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BesideTheOriginalsTest {
    private static final Path CASES = Path.of("src/test/resources/migrate");
    private static final Pattern SELF = Pattern.compile("^https?://(?:[a-z0-9.-]+)(?::[0-9]+)?(/.*)$");
    /** Of "tiger", behind the variant. */
    private static final String HASH = "$05$c4WoMPo3SXsafkva.HHa6uEzYo4QaNZ2Hw3LrOTbUp8VJwB2Xjgpe";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final Map<String, String> original = new LinkedHashMap<>();
    private final Map<String, String> imported = new LinkedHashMap<>();
    private final Map<Integer, Integer> ports = new TreeMap<>();
    private SSLContext anybody;
    private @Nullable Process program;

    @BeforeEach
    void believeAnybody() throws Exception {
        anybody = SSLContext.getInstance("TLS");
        anybody.init(null, new TrustManager[] {new Believing()}, null);
    }

    @AfterEach
    void endTheOriginal() {
        if (program != null) {
            program.destroyForcibly().onExit().join();
        }
    }

    private static final class Believing extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** A port of the file → one of the original; Postern gets another one. */
    private int port(int used) {
        return ports.computeIfAbsent(used, key -> FreePorts.next());
    }

    /** A server that says its name, and what it was asked. */
    private int server(String name) {
        return edge.closes(TestServer.start(script(name))).port();
    }

    private static TestServer.Script script(String name) {
        return (request, connection) -> {
            if (!request.header("Upgrade").isEmpty()) {
                connection.send(
                        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
                return;
            }
            StringBuilder seen =
                    new StringBuilder(name + " saw " + request.line().replaceAll(" HTTP/1\\.[01]$", "") + "\n");
            for (String header : List.of("Host", "X-Real-IP", "X-Forwarded-Proto", "Authorization")) {
                request.header(header)
                        .forEach(value ->
                                seen.append(header).append(": ").append(value).append('\n'));
            }
            String body = seen + ".".repeat(1000);
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + body.length()
                    + "\r\n\r\n" + body);
        };
    }

    private void start(Path folder, int waitFor, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("original.log").toFile());
        for (String variable : List.of("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")) {
            builder.environment().put(variable, folder.toString());
        }
        builder.environment().put("DOMAIN", "example.net");
        Process started = builder.start();
        program = started;
        Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
        Awaitility.await(command[0])
                .failFast(() -> {
                    if (!started.isAlive()) {
                        throw new AssertionError(Files.readString(folder.resolve("original.log")));
                    }
                })
                .ignoreExceptions()
                .untilAsserted(() -> new Socket(InetAddress.getLoopbackAddress(), waitFor).close());
    }

    /** Starts Postern with what the import made, at other ports; the ports of the original → its own. */
    private Map<Integer, Integer> edge(Imported from) throws Exception {
        Map<Integer, Integer> moved = new TreeMap<>();
        String text = from.text();
        for (int port : ports.values()) {
            int other = FreePorts.next();
            moved.put(port, other);
            text = text.replace("[\":" + port + "\"]", "[\"127.0.0.1:" + other + "\"]")
                    .replace("[127.0.0.1:" + port + "]", "[127.0.0.1:" + other + "]");
        }
        String challenge = "  challenge:\n    bind: [\"127.0.0.1:0\"]\n";
        text = text.contains("\nlisteners:\n")
                ? text.replace("\nlisteners:\n", "\nlisteners:\n" + challenge)
                : text + "\nlisteners:\n  http:\n    bind: [\"127.0.0.1:0\"]\n  https:\n    bind: [\"127.0.0.1:0\"]\n"
                        + challenge;
        Files.writeString(edge.directory().resolve("postern.yaml"), text);
        edge.start(text);
        return moved;
    }

    /** The same of both. */
    private void ask(String name, Map<Integer, Integer> moved, int port, String host, boolean isTls, String... lines) {
        ask(name, moved, port, host, isTls, 1, lines);
    }

    /** @param times the last answer counts */
    private void ask(
            String name,
            Map<Integer, Integer> moved,
            int port,
            String host,
            boolean isTls,
            int times,
            String... lines) {
        String request =
                String.join("\r\n", lines).replaceFirst("\r\n|$", " HTTP/1.1\r\nHost: " + host + "\r\n") + "\r\n\r\n";
        original.put(name, outcome(port(port), host, isTls, times, request));
        imported.put(name, outcome(moved.getOrDefault(port(port), 0), host, isTls, times, request));
    }

    private String outcome(int port, String host, boolean isTls, int times, String request) {
        String last = "";
        for (int i = 0; i < times; i++) {
            try (RawClient client = isTls
                    ? RawClient.tls(
                            port, anybody, host, parameters -> parameters.setEndpointIdentificationAlgorithm(null))
                    : RawClient.plain(port)) {
                RawClient.Response response =
                        client.send(request.replace("\r\n\r\n\r\n", "\r\n\r\n")).response();
                last = said(response);
            } catch (IOException | UncheckedIOException e) {
                last = "no answer";
            }
        }
        return last;
    }

    private static String said(RawClient.Response response) {
        StringBuilder said = new StringBuilder().append(response.status());
        response.header("Location").forEach(location -> {
            Matcher self = SELF.matcher(location);
            // Where to, apart from the port, which is not the one of the file.
            String scheme = location.startsWith("https:") && response.head().contains("HTTP/1.1 30")
                    ? location.replaceFirst(":[0-9]+/", "/")
                    : location;
            said.append(" Location: ")
                    .append(self.matches() ? scheme.replaceFirst("^https?://[a-z0-9.:-]+", "") : location);
        });
        List<String> compared = new ArrayList<>(List.of("Content-Encoding", "WWW-Authenticate"));
        if (response.status() >= 200) {
            compared.add("Strict-Transport-Security");
        }
        if (response.status() == 200) {
            compared.add("Cache-Control");
        }
        for (String name : compared) {
            response.header(name)
                    .forEach(value -> said.append(" ")
                            .append(name)
                            .append(": ")
                            .append(value.replace(", charset=\"UTF-8\"", "")));
        }
        if (response.status() == 200 && response.header("Content-Encoding").isEmpty()) {
            said.append(" | ")
                    .append(response.body().replaceAll("\\.{1000}$", "").strip().replace("\n", ", "));
        } else if (response.status() == 404 && response.body().length() < 40) {
            said.append(" | ").append(response.body());
        }
        return said.toString();
    }

    /** Whatever is not the same has its reason. */
    private void sameButFor(String file) throws IOException {
        List<String> expected = new ArrayList<>();
        for (String line : Files.readAllLines(CASES.resolve("differences.txt"), StandardCharsets.UTF_8)) {
            if (line.startsWith(file + ": ")) {
                expected.add(line.substring(file.length() + 2));
            }
        }
        List<String> found = new ArrayList<>();
        original.forEach((name, outcome) -> {
            String other = imported.getOrDefault(name, "");
            // Postern tells servers more of the client than they were told.
            for (String header : List.of("X-Real-IP", "X-Forwarded-Proto")) {
                if (!outcome.contains(header)) {
                    other = other.replaceAll(", " + header + ": [^,]*", "");
                }
            }
            if (!outcome.equals(other)) {
                found.add(name + " | " + outcome + " | " + other);
            }
        });
        assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
    }

    private String copied(String resource, Map<String, String> replacements) throws IOException {
        String text = Files.readString(CASES.resolve(resource));
        for (Map.Entry<String, String> each : replacements.entrySet()) {
            assertThat(text).as(resource).contains(each.getKey());
            text = text.replace(each.getKey(), each.getValue());
        }
        return text;
    }

    private Path nginx(String body, boolean isStream) throws IOException {
        Path folder = edge.directory();
        Path file = Files.writeString(folder.resolve("nginx.conf"), """
                daemon off;
                master_process off;
                pid nginx.pid;
                error_log error.log;
                %s
                events { worker_connections 256; }
                %s
                """.formatted(
                isStream ? "load_module /usr/lib/nginx/modules/ngx_stream_module.so;" : "", isStream ? body : """
                        http {
                          access_log off;
                          client_body_temp_path bodies;
                          proxy_temp_path temporary;
                          fastcgi_temp_path temporary;
                          uwsgi_temp_path temporary;
                          scgi_temp_path temporary;
                          include parts/*.conf;
                        }
                        """));
        if (!isStream) {
            Files.createDirectories(folder.resolve("parts"));
            Files.writeString(folder.resolve("parts/app.conf"), body);
        }
        return file;
    }

    @Test
    void webOfNginxIsServedAsBefore() throws Exception {
        Path program = RealPrograms.require("nginx", "nginx-light");
        Path folder = edge.directory();
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        edge.site().replace(chain, key, "social.example.com");
        Files.writeString(folder.resolve("staff"), "ops:$2y" + HASH + "\n");
        Map<String, String> changes = new LinkedHashMap<>();
        changes.put("server 127.0.0.1:3000 weight=2", "server 127.0.0.1:" + server("app") + " weight=2");
        changes.put("server 127.0.0.1:3001", "server 127.0.0.1:" + server("app"));
        changes.put("server 127.0.0.1:4000", "server 127.0.0.1:" + server("realtime"));
        changes.put("server 127.0.0.1:4001", "server 127.0.0.1:" + server("spare"));
        changes.put("listen 80;", "listen 127.0.0.1:" + port(80) + ";");
        changes.put("    listen [::]:80;\n", "");
        changes.put("listen 443 ssl", "listen 127.0.0.1:" + port(443) + " ssl");
        changes.put("/etc/letsencrypt/live/social.example.com/fullchain.pem", chain.toString());
        changes.put("/etc/letsencrypt/live/social.example.com/privkey.pem", key.toString());
        changes.put("/etc/nginx/staff.htpasswd", folder.resolve("staff").toString());
        // One more door, for those who are let in by address.
        changes.put("    rewrite ^/old/", """
                    location /team/ { auth_basic "team"; auth_basic_user_file %s; allow 127.0.0.0/8; deny all; proxy_pass http://app/in/; }
                    location /big/ { client_max_body_size 1k; proxy_pass http://app; }
                    location /dark { deny all; }
                    location /hello { default_type text/plain; return 200 "hello"; }
                    rewrite ^/old/""".formatted(folder.resolve("staff")));
        String inner = "server { listen 127.0.0.1:" + port(8081)
                + "; server_name inner.internal; location / { proxy_pass http://app; } }\n";
        Path file = nginx(copied("nginx/app.conf", changes) + inner, false);
        start(folder, port(443), program.toString(), "-p", folder + "/", "-e", "error.log", "-c", file.toString());
        Map<Integer, Integer> moved = edge(NginxImport.read(file, Clock.systemUTC()));

        String host = "social.example.com";
        ask("plain", moved, 80, host, false, "GET /a?b=c");
        ask("plain, another host", moved, 80, "other.example.com", false, "GET /a");
        ask("plain, a token", moved, 80, host, false, "GET /.well-known/acme-challenge/x");
        ask("root", moved, 443, host, true, "GET /a/b?c=d");
        ask("another host", moved, 443, "other.example.com", true, "GET /");
        ask(
                "who lies about who it is",
                moved,
                443,
                host,
                true,
                "GET /",
                "X-Real-IP: 192.0.2.1",
                "X-Forwarded-Proto: http");
        ask("compressed", moved, 443, host, true, "GET /", "Accept-Encoding: gzip");
        ask("stream", moved, 443, host, true, "GET /stream/x/y?z=1");
        ask("stream, no slash", moved, 443, host, true, "GET /stream?z=1");
        ask("stream, WebSocket", moved, 443, host, true, "GET /stream/ws", "Connection: Upgrade", "Upgrade: websocket");
        ask("root, WebSocket", moved, 443, host, true, "GET /ws", "Connection: Upgrade", "Upgrade: websocket");
        ask("login", moved, 443, host, true, "GET /login?next=/");
        ask("below login", moved, 443, host, true, "GET /login/x");
        ask("login too often", moved, 443, host, true, 14, "GET /login");
        ask("admin", moved, 443, host, true, "GET /admin/");
        ask("admin by a detour", moved, 443, host, true, "GET /x/../admin/y");
        ask("admin, encoded", moved, 443, host, true, "GET /%61dmin/y");
        ask("team, nobody", moved, 443, host, true, "GET /team/");
        ask("team, a wrong password", moved, 443, host, true, "GET /team/", "Authorization: Basic b3BzOndyb25n");
        ask("team", moved, 443, host, true, "GET /team/x", "Authorization: Basic b3BzOnRpZ2Vy");
        ask("picture", moved, 443, host, true, "GET /a.png");
        ask("old", moved, 443, host, true, "GET /old/x/y?a=b");
        ask("old, no slash", moved, 443, host, true, "GET /old");
        ask("big", moved, 443, host, true, "POST /big/x", "Content-Length: 2000", "Expect: 100-continue");
        ask("dark", moved, 443, host, true, "GET /dark/x");
        ask("inner", moved, 8081, "inner.internal", false, "GET /");
        ask("inner, at another door", moved, 80, "inner.internal", false, "GET /");
        ask("inner, by another name", moved, 8081, "other.example.com", false, "GET /");
        ask("hello", moved, 443, host, true, "GET /hello");
        sameButFor("nginx/app.conf");
    }

    @Test
    void servicesOfNginxAreServedAsBefore() throws Exception {
        Path program = RealPrograms.require("nginx", "nginx-light");
        RealPrograms.requireFile(Path.of("/usr/lib/nginx/modules/ngx_stream_module.so"), "libnginx-mod-stream");
        Path folder = edge.directory();
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        edge.site().replace(chain, key, "mq.example.com");
        Map<String, String> changes = new LinkedHashMap<>();
        changes.put(
                "10.3.0.1:1883",
                edge.closes(TestServer.conversing(BesideTheOriginalsTest::echo)).address());
        changes.put(
                "10.3.0.2:1883",
                edge.closes(TestServer.conversing(BesideTheOriginalsTest::echo)).address());
        changes.put("listen 1883;", "listen 127.0.0.1:" + port(1883) + ";");
        changes.put("listen 8883 ssl;", "listen 127.0.0.1:" + port(8883) + " ssl;");
        changes.put("/etc/ssl/mq.pem", chain.toString());
        changes.put("/etc/ssl/mq.key", key.toString());
        Path file = nginx(copied("nginx/stream.conf", changes), true);
        start(folder, port(8883), program.toString(), "-p", folder + "/", "-e", "error.log", "-c", file.toString());
        Map<Integer, Integer> moved = edge(NginxImport.read(file, Clock.systemUTC()));

        for (int port : List.of(1883, 8883)) {
            original.put(Integer.toString(port), talk(port(port), port == 8883));
            imported.put(Integer.toString(port), talk(moved.getOrDefault(port(port), 0), port == 8883));
        }
        sameButFor("nginx/stream.conf");
    }

    /** Says back the first line, and whether something that names the client came before it. */
    private static void echo(TestServer.Connection connection) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int octet = connection.in().read();
                octet >= 0;
                octet = connection.in().read()) {
            line.append((char) octet);
            if (line.toString().endsWith("hello\n")) {
                break;
            }
        }
        String before = line.substring(0, line.length() - 6);
        String how = before.isEmpty() ? "" : before.startsWith("PROXY ") ? "PROXY 1, " : "PROXY 2, ";
        connection.send(how + "hello back\n");
    }

    private String talk(int port, boolean isTls) throws IOException {
        try (RawClient client = isTls ? RawClient.tls(port, anybody, "mq.example.com") : RawClient.plain(port)) {
            client.send("hello\n");
            return new String(client.untilClosed(), StandardCharsets.ISO_8859_1).strip();
        }
    }

    @Test
    void sitesOfCaddyAreServedAsBefore() throws Exception {
        Path program = RealPrograms.require("caddy", "caddy");
        Path folder = edge.directory();
        Map<String, String> changes = new LinkedHashMap<>();
        changes.put("{\n    email admin@example.org\n", """
                {
                    email admin@example.org
                    admin off
                    local_certs
                    skip_install_trust
                    http_port %d
                    https_port %d
                """.formatted(port(80), port(443)));
        changes.put("10.4.0.10:11000", "127.0.0.1:" + server("cloud"));
        changes.put("10.4.0.11:2283", "127.0.0.1:" + server("photos"));
        changes.put("10.4.0.12:2283", "127.0.0.1:" + server("photos"));
        int hypervisor =
                edge.closes(TestServer.secured(secured(), script("hypervisor"))).port();
        changes.put("10.4.0.2:8006", "127.0.0.1:" + hypervisor);
        changes.put("10.4.0.20:8081", "127.0.0.1:" + server("static"));
        changes.put("10.4.0.20:8080", "127.0.0.1:" + server("wiki"));
        changes.put("10.4.0.30:9091", "127.0.0.1:" + server("asked"));
        changes.put("10.4.0.40:631", "127.0.0.1:" + server("printer"));
        changes.put("10.4.0.50:3000", "127.0.0.1:" + server("git"));
        changes.put("        dns cloudflare {$CF_TOKEN}\n", "        issuer internal\n");
        // The same without the server that is asked, which Postern has not.
        String more = """
                open.{$DOMAIN} {
                    @blocked not remote_ip 127.0.0.0/8
                    respond @blocked 403
                    redir /old /new permanent
                    respond /hello "hello"
                    handle_path /static/* {
                        reverse_proxy 127.0.0.1:%d
                    }
                    handle /inside/* {
                        @lan remote_ip 192.0.2.0/24
                        reverse_proxy @lan 127.0.0.1:%d
                        handle {
                            respond "outside" 403
                        }
                    }
                    handle {
                        basicauth {
                            ops $2a%s
                        }
                        reverse_proxy 127.0.0.1:%d
                    }
                }
                """.formatted(server("static"), server("lan"), HASH, server("wiki"));
        Path file = Files.writeString(folder.resolve("Caddyfile"), copied("caddy/home.Caddyfile", changes) + more);
        start(folder, port(443), program.toString(), "run", "--adapter", "caddyfile", "--config", file.toString());
        Map<Integer, Integer> moved = edge(CaddyImport.read(file, Map.of("DOMAIN", "example.net"), Clock.systemUTC()));
        Awaitility.await().ignoreExceptions().untilAsserted(() -> {
            for (int each : List.of(port(443), moved.getOrDefault(port(443), 0))) {
                assertThat(outcome(
                                each,
                                "git.apps.example.org",
                                true,
                                1,
                                "GET / HTTP/1.1\r\nHost: git.apps.example.org\r\n\r\n"))
                        .startsWith("200");
            }
        });

        ask("plain", moved, 80, "cloud.example.org", false, "GET /a?b=c");
        ask("plain, another host", moved, 80, "other.example.org", false, "GET /");
        ask("cloud", moved, 443, "cloud.example.org", true, "GET /a?b=c");
        ask("cloud, compressed", moved, 443, "cloud.example.org", true, "GET /", "Accept-Encoding: gzip");
        ask("photos", moved, 443, "photos.example.org", true, "GET /x");
        ask("pictures", moved, 443, "pictures.example.org", true, "GET /x", "X-Real-IP: 192.0.2.1");
        ask(
                "pictures, WebSocket",
                moved,
                443,
                "pictures.example.org",
                true,
                "GET /ws",
                "Connection: Upgrade",
                "Upgrade: websocket");
        ask("hypervisor", moved, 443, "hypervisor.example.org", true, "GET /");
        ask("wiki", moved, 443, "wiki.example.net", true, "GET /");
        ask("wiki, static", moved, 443, "wiki.example.net", true, "GET /static/x");
        ask("printer", moved, 80, "printer.lan", false, "GET /jobs");
        ask("git", moved, 443, "git.apps.example.org", true, "GET /repo");
        ask("another app", moved, 443, "x.apps.example.org", true, "GET /");
        ask("open, redirect", moved, 443, "open.example.net", true, "GET /old");
        ask("open, redirect, longer", moved, 443, "open.example.net", true, "GET /old/x");
        ask("open, hello is never reached", moved, 443, "open.example.net", true, "GET /hello");
        ask("open, static", moved, 443, "open.example.net", true, "GET /static/a/b?c=d");
        ask("open, static, no slash", moved, 443, "open.example.net", true, "GET /static");
        ask("open, inside", moved, 443, "open.example.net", true, "GET /inside/x");
        ask("open, nobody", moved, 443, "open.example.net", true, "GET /");
        ask("open, somebody", moved, 443, "open.example.net", true, "GET /", "Authorization: Basic b3BzOnRpZ2Vy");
        sameButFor("caddy/home.Caddyfile");
    }

    /** A server with a certificate that nobody has signed whom one would trust. */
    private static SSLContext secured() throws Exception {
        TestCa.Issued issued = TestCa.create().issue(List.of("hypervisor"), Instant.now(), Duration.ofDays(1));
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(null, null);
        own.setKeyEntry("own", issued.key(), new char[0], issued.chain().toArray(X509Certificate[]::new));
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
