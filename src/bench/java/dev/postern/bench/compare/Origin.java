package dev.postern.bench.compare;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The servers behind, the same ones for all: nginx in plaintext, nghttpd for HTTP/2, and what takes in uploads and tells
 * whether all has come.
 */
final class Origin implements AutoCloseable {
    static final int SMALL = 100;
    static final int PAGE = 4096;

    /** How many URIs the mix has. */
    static final int URIS = 50;

    /** Of the mix: 0.1 to 200 kB, most of them small, as a gateway sees them. */
    private static final int[] SIZES = {
        100, 300, 800, 1_500, 2_500, 4_000, 6_000, 9_000, 14_000, 22_000, 35_000, 60_000, 110_000, 200_000
    };

    /** How many files of each. */
    private static final int[] SHARES = {6, 7, 7, 6, 5, 4, 4, 3, 2, 2, 1, 1, 1, 1};

    private final Programs programs;
    private final int port = Ports.next();
    private final int h2cPort = Ports.next();
    private final HttpClient client = HttpClient.newHttpClient();
    private final HttpServer sink;
    private final Path files;
    private final Path mix;
    private final double bytesOfMix;
    private final List<Process> processes = new ArrayList<>();

    Origin(Programs programs, Cores cores, Path folder, long bodySize) throws IOException {
        this.programs = programs;
        Path home = Files.createDirectories(folder.resolve("origin"));
        this.files = Files.createDirectories(home.resolve("files"));
        fill(files.resolve("small"), SMALL);
        fill(files.resolve("health"), 1);
        fill(files.resolve("page.html"), PAGE);
        fill(files.resolve("body"), bodySize);
        this.mix = home.resolve("mix");
        this.bytesOfMix = writeMix();
        this.sink = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        sink.setExecutor(Executors.newCachedThreadPool(run -> {
            Thread thread = new Thread(run, "sink");
            thread.setDaemon(true);
            return thread;
        }));
        sink.createContext("/", Origin::takeIn);
        sink.start();
        Path nginx = Files.writeString(home.resolve("nginx.conf"), configuration());
        processes.add(programs.start(
                home,
                cores.others(List.of("nginx", "-p", home + "/", "-e", "error.log", "-c", nginx.toString())),
                Map.of()));
        Path h2c = Files.createDirectories(folder.resolve("origin-h2c"));
        processes.add(programs.start(
                h2c,
                cores.others(List.of(
                        "nghttpd", "--no-tls", "-a", "127.0.0.1", "-d", files.toString(), String.valueOf(h2cPort))),
                Map.of()));
        Wait.forPort(port, processes.get(0));
        Wait.forPort(h2cPort, processes.get(1));
    }

    int port() {
        return port;
    }

    int h2cPort() {
        return h2cPort;
    }

    /** A file with as many bytes as were asked for, to be sent or fetched ({@code /body}). */
    Path body() {
        return files.resolve("body");
    }

    /** The URIs of the mix, one a line, in the order in which they are asked for. */
    Path mix() {
        return mix;
    }

    /** The mean length of what is asked for. */
    double bytesOfMix() {
        return bytesOfMix;
    }

    private double writeMix() throws IOException {
        List<String> paths = new ArrayList<>();
        double bytes = 0;
        for (int i = 0; i < SIZES.length; i++) {
            for (int j = 0; j < SHARES[i]; j++) {
                String name = "%08x-%d.bin".formatted((i * 31 + j) * 0x9e3779b1, j);
                Path folder = Files.createDirectories(files.resolve("shop/items/" + (j % 7)));
                fill(folder.resolve(name), SIZES[i]);
                paths.add("https://localhost/shop/items/" + (j % 7) + "/" + name + "?session="
                        + Integer.toHexString(i * 7919 + j));
                bytes += SIZES[i];
            }
        }
        Collections.shuffle(paths, new Random(1));
        Files.write(mix, paths);
        return bytes / paths.size();
    }

    private static void fill(Path file, long size) throws IOException {
        byte[] noise = new byte[(int) Math.min(size, 1 << 20)];
        new Random(size).nextBytes(noise);
        try (var out = Files.newOutputStream(file)) {
            for (long left = size; left > 0; left -= noise.length) {
                out.write(noise, 0, (int) Math.min(left, noise.length));
            }
        }
    }

    private String configuration() {
        return """
                daemon off;
                worker_processes 1;
                pid nginx.pid;
                error_log error.log;
                events { worker_connections 8192; }
                http {
                  access_log off;
                  sendfile on;
                  tcp_nopush on;
                  open_file_cache max=1000 inactive=1h;
                  open_file_cache_valid 1h;
                  keepalive_requests 1000000000;
                  keepalive_timeout 1h;
                  client_body_temp_path bodies;
                  proxy_temp_path temporary;
                  fastcgi_temp_path temporary;
                  uwsgi_temp_path temporary;
                  scgi_temp_path temporary;
                  default_type text/html;
                  server {
                    listen 127.0.0.1:%d backlog=8192;
                    root %s;
                    location = /status { stub_status; }
                    location = /page.html {
                      add_header Cache-Control "private, max-age=0, must-revalidate";
                      add_header Content-Security-Policy "default-src 'self'; img-src 'self' data: https://images.example.com; frame-ancestors 'none'";
                      add_header Strict-Transport-Security "max-age=63072000; includeSubDomains";
                      add_header X-Content-Type-Options nosniff;
                      add_header X-Frame-Options DENY;
                      add_header Referrer-Policy strict-origin-when-cross-origin;
                      add_header Permissions-Policy "camera=(), microphone=(), geolocation=()";
                      add_header Vary "Accept-Encoding, Accept-Language";
                      add_header Content-Language en-GB;
                      add_header Set-Cookie "session=5f1c9a7e2b3d4c60a1e8f7b6c5d4e3f2; Path=/; Secure; HttpOnly; SameSite=Lax";
                      add_header X-Request-Id "8c5b0d9e-6a3f-4c1e-9b7a-2f4d6e8a0c13";
                      add_header Server-Timing "app;dur=12.3, db;dur=4.5";
                      add_header Link "</assets/app.css>; rel=preload; as=style";
                    }
                    location /upload/ {
                      client_max_body_size 0;
                      proxy_request_buffering off;
                      proxy_http_version 1.1;
                      proxy_pass http://127.0.0.1:%d;
                    }
                  }
                }
                """.formatted(port, files, sink.getAddress().getPort());
    }

    /** {@code /upload/N} takes in N bytes, and is no more than content with them. */
    private static void takeIn(HttpExchange exchange) throws IOException {
        byte[] buffer = new byte[1 << 17];
        long length = 0;
        try (InputStream in = exchange.getRequestBody()) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                length += read;
            }
        }
        String path = exchange.getRequestURI().getPath();
        boolean isWhole = path.endsWith("/" + length);
        exchange.sendResponseHeaders(isWhole ? 200 : 400, -1);
        exchange.close();
    }

    private static final Pattern HANDLED = Pattern.compile("(?m)^ \\d+ \\d+ (\\d+) ");

    /** How many requests nginx has answered in all; each question is one of them. */
    long answered() {
        try {
            String text = client.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/status"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            Matcher matcher = HANDLED.matcher(text);
            if (!matcher.find()) {
                throw new Failed("the origin says nothing of its requests: " + text);
            }
            return Long.parseLong(matcher.group(1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        processes.forEach(programs::end);
        sink.stop(0);
    }
}
