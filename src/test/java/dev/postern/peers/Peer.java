package dev.postern.peers;

import dev.postern.testing.FreePorts;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/**
 * A proxy with the same job as the others: what is for {@code localhost}, plaintext and TLS, goes to the server behind;
 * everything else is answered 404.
 */
final class Peer implements AutoCloseable {
    /** What Postern answers by itself. */
    static final String TICK = "/tick";

    private final String name;
    private final List<Lane> lanes;
    private final List<Runnable> ends = new ArrayList<>();
    private final List<PosternProcess> posterns = new ArrayList<>();

    private record Ports(int plain, int tls, Recorder recorder) {}

    private Peer(String name, List<Ports> ports, TestSite site) {
        this.name = name;
        this.lanes = ports.stream()
                .map(each -> new Lane(each.plain(), each.tls(), site.trust(), each.recorder()))
                .toList();
    }

    String name() {
        return name;
    }

    List<Lane> lanes() {
        return lanes;
    }

    private static List<Ports> ports(int lanes) {
        return IntStream.range(0, lanes)
                .mapToObj(i -> new Ports(FreePorts.next(), FreePorts.next(), new Recorder()))
                .toList();
    }

    /** Files for all of them. */
    record Certificate(Path chain, Path key, Path both) {
        static Certificate make(Path folder, TestSite site) throws IOException {
            Path chain = folder.resolve("chain.pem");
            Path key = folder.resolve("key.pem");
            site.replace(chain, key, "localhost");
            Path both = Files.writeString(folder.resolve("both.pem"), Files.readString(chain) + Files.readString(key));
            return new Certificate(chain, key, both);
        }
    }

    /** The real thing, a process for each lane, with one event loop each: see {@link Pieces}. */
    static Peer postern(Path folder, TestSite site, Certificate certificate, int lanes) throws IOException {
        List<Ports> all = ports(lanes);
        Peer peer = new Peer("postern", all, site);
        for (int i = 0; i < lanes; i++) {
            Ports ports = all.get(i);
            Path home = Files.createDirectories(folder.resolve("postern-" + i));
            Path file = Files.writeString(home.resolve("postern.yaml"), """
                    listeners:
                      http: { bind: "127.0.0.1:%d", redirect: off }
                      https: { bind: "127.0.0.1:%d" }
                      challenge: { bind: "127.0.0.1:0" }
                    sites:
                      - names: [localhost]
                        routes:
                          - { exact: %s, respond: { status: 204 } }
                          - { path: /, backend: web }
                        certificate: { chain: "%s", key: "%s" }
                    backends:
                      web: { servers: ["127.0.0.1:%d"] }
                    """.formatted(
                            ports.plain(),
                            ports.tls(),
                            TICK,
                            certificate.chain(),
                            certificate.key(),
                            ports.recorder().port()));
            PosternProcess process = PosternProcess.start(
                    home,
                    List.of("-Xmx128m", "-XX:ActiveProcessorCount=1", "-Dio.netty.leakDetection.level=advanced"),
                    "run",
                    "-c",
                    file.toString());
            Runtime.getRuntime().addShutdownHook(new Thread(process::close));
            peer.ends.add(process::close);
            peer.posterns.add(process);
        }
        peer.posterns.forEach(process -> process.awaitLine("Edge - ready: "));
        return peer;
    }

    static Peer haproxy(Path folder, TestSite site, Certificate certificate, int lanes) throws IOException {
        Path program = RealPrograms.require("haproxy", "haproxy");
        List<Ports> all = ports(lanes);
        StringBuilder text = new StringBuilder("""
                global
                  nbthread 1
                defaults
                  mode http
                  timeout connect 3s
                  timeout client 10s
                  timeout server 10s
                  timeout tunnel 10s
                """);
        for (int i = 0; i < lanes; i++) {
            Ports ports = all.get(i);
            text.append("""
                    frontend in%1$d
                      bind 127.0.0.1:%2$d
                      bind 127.0.0.1:%3$d ssl crt %4$s alpn h2,http/1.1
                      http-request return status 404 unless { req.hdr(host),host_only -m str -i localhost }
                      default_backend out%1$d
                    backend out%1$d
                      server s 127.0.0.1:%5$d
                    """.formatted(
                            i,
                            ports.plain(),
                            ports.tls(),
                            certificate.both(),
                            ports.recorder().port()));
        }
        Path file = Files.writeString(folder.resolve("haproxy.cfg"), text);
        return new Peer("haproxy", all, site)
                .start(folder, all, List.of(program.toString(), "-db", "-q", "-f", file.toString()));
    }

    static Peer nginx(Path folder, TestSite site, Certificate certificate, int lanes) throws IOException {
        Path program = RealPrograms.require("nginx", "nginx-light");
        Path home = Files.createDirectories(folder.resolve("nginx"));
        List<Ports> all = ports(lanes);
        StringBuilder servers = new StringBuilder();
        for (Ports ports : all) {
            servers.append(
                    """
                      server {
                        listen 127.0.0.1:%1$d default_server;
                        listen 127.0.0.1:%2$d ssl http2 default_server;
                        return 404;
                      }
                      server {
                        listen 127.0.0.1:%1$d;
                        listen 127.0.0.1:%2$d ssl http2;
                        server_name localhost;
                        location / { proxy_pass http://127.0.0.1:%3$d; }
                      }
                    """.formatted(ports.plain(), ports.tls(), ports.recorder().port()));
        }
        Path file = Files.writeString(
                home.resolve("nginx.conf"), """
                daemon off;
                master_process off;
                pid nginx.pid;
                error_log error.log;
                events { worker_connections 1024; }
                http {
                  access_log off;
                  client_body_temp_path bodies;
                  proxy_temp_path temporary;
                  fastcgi_temp_path temporary;
                  uwsgi_temp_path temporary;
                  scgi_temp_path temporary;
                  client_max_body_size 0;
                  ssl_certificate %s;
                  ssl_certificate_key %s;
                  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
                  proxy_http_version 1.1;
                  proxy_request_buffering off;
                  proxy_set_header Host $http_host;
                  proxy_set_header Upgrade $http_upgrade;
                  proxy_set_header Connection $connection_upgrade;
                %s}
                """.formatted(certificate.chain(), certificate.key(), servers));
        return new Peer("nginx", all, site)
                .start(
                        folder,
                        all,
                        List.of(program.toString(), "-p", home + "/", "-e", "error.log", "-c", file.toString()));
    }

    static Peer caddy(Path folder, TestSite site, Certificate certificate, int lanes) throws IOException {
        Path program = RealPrograms.require("caddy", "caddy");
        List<Ports> all = ports(lanes);
        StringBuilder text = new StringBuilder("{\n  admin off\n  auto_https off\n}\n");
        for (Ports ports : all) {
            String tls = "  tls %s %s\n".formatted(certificate.chain(), certificate.key());
            String proxy =
                    "  reverse_proxy 127.0.0.1:%d\n".formatted(ports.recorder().port());
            text.append("http://localhost:%d {\n%s}\n".formatted(ports.plain(), proxy));
            text.append("http://:%d {\n  respond 404\n}\n".formatted(ports.plain()));
            text.append("https://localhost:%d {\n%s%s}\n".formatted(ports.tls(), tls, proxy));
            text.append("https://:%d {\n%s  respond 404\n}\n".formatted(ports.tls(), tls));
        }
        Path file = Files.writeString(folder.resolve("Caddyfile"), text);
        return new Peer("caddy", all, site)
                .start(
                        folder,
                        all,
                        List.of(program.toString(), "run", "--adapter", "caddyfile", "--config", file.toString()));
    }

    private Peer start(Path folder, List<Ports> all, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile());
        // Where Caddy keeps what it needs not here.
        builder.environment().put("HOME", folder.toString());
        builder.environment().put("XDG_DATA_HOME", folder.toString());
        builder.environment().put("XDG_CONFIG_HOME", folder.toString());
        Process process = builder.start();
        // Also where the tests are ended from outside.
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        ends.add(() -> process.destroyForcibly().onExit().join());
        try {
            Awaitility.await(name).ignoreExceptions().untilAsserted(() -> {
                for (Ports ports : all) {
                    new Socket(InetAddress.getLoopbackAddress(), ports.plain()).close();
                    new Socket(InetAddress.getLoopbackAddress(), ports.tls()).close();
                }
            });
        } catch (RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
        return this;
    }

    /** What Postern has to say, all of its processes. */
    List<String> lines() {
        return posterns.stream().flatMap(process -> process.lines().stream()).toList();
    }

    @Override
    public void close() {
        lanes.forEach(Lane::close);
        ends.forEach(Runnable::run);
    }
}
