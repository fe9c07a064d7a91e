package dev.postern.cli;

import dev.postern.app.Ahead;
import dev.postern.app.Daemon;
import dev.postern.app.Edge;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.pki.AnyCertificate;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A short life, of which the JVM remembers what it has learned: the classes as it has them once they are read (an AOT cache, JEP
 * 514; class-data sharing, JEP 350), and which methods are worth to be compiled at once, and how (JEP 515). So it is one like
 * those that follow: a daemon that gets a certificate; {@code run} with that one as its own, which is asked over HTTP/1.1 and
 * HTTP/2 as fast as it answers; and the commands that are asked most. The launcher has it lived once for each build. Binds free
 * ports of loopback, writes only into its own folder.
 */
public final class Training {
    private static final long LONGEST_SECONDS = 60;

    /** For each version of HTTP. So many that whatever a request needs has been compiled by the better compiler. */
    private static final int REQUESTS = 20_000;

    private static final int AT_ONCE = 32;

    private static final String ORDERED = """
            listeners:
              http: { bind: "127.0.0.1:0" }
              https: { bind: "127.0.0.1:0" }
              challenge: { bind: "127.0.0.1:0" }
            acme: { issuers: [internal], store: certs }
            sites:
              - { names: [localhost], backend: web }
            backends:
              web: { servers: ["127.0.0.1:9"] }
            """;

    /** What most have, and the certificate of the one before as its own. */
    private static final String OWN_FILES = """
            listeners:
              http: { bind: "127.0.0.1:HTTP" }
              https: { bind: "127.0.0.1:HTTPS" }
              challenge: { bind: "127.0.0.1:0" }
              admin: { bind: "127.0.0.1:ADMIN" }
            access-log: { to: access.log, format: json }
            sites:
              - names: [localhost]
                backend: web
                certificate: { chain: certs/localhost/current/fullchain.pem, key: certs/localhost/current/privkey.pem }
            backends:
              web: { servers: ["127.0.0.1:SERVER"], health: { path: /, interval: 1s } }
            """;

    private Training() {}

    /** @param args a folder, which is there */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        Path ordered = Files.writeString(folder.resolve("postern.yaml"), ORDERED);
        boolean good = hasCertificate(ordered) && areDone(ordered) && isServed(folder);
        if (!good) {
            Runtime.getRuntime().halt(ExitCode.BUG);
        }
        // As at TERM: the daemon ends the process in order, with 0.
        System.exit(ExitCode.OK);
    }

    private static boolean hasCertificate(Path file) throws Exception {
        try (Edge edge = Edge.start(ConfigurationFile.read(file), Daemon.schedule(), Clock.systemUTC())) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
            while (edge.certificates().get(0).notAfter() == null) {
                if (System.nanoTime() > end) {
                    return false;
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
            return true;
        }
    }

    // ---- a daemon

    private static boolean isServed(Path folder) throws Exception {
        ServerSocket server = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
        start(() -> accept(server));
        List<Integer> ports = freePorts();
        Path file = Files.writeString(
                folder.resolve("own.yaml"),
                OWN_FILES
                        .replace("HTTPS", ports.get(0).toString())
                        .replace("HTTP", ports.get(1).toString())
                        .replace("ADMIN", ports.get(2).toString())
                        .replace("SERVER", Integer.toString(server.getLocalPort())));
        Path number = folder.resolve("pid");
        Ahead.begin();
        start(() -> isDone("run", "-c", file.toString(), "--pid-file", number.toString()));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
        while (!Files.exists(number)) {
            if (System.nanoTime() > end) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
        URI https = URI.create("https://localhost:" + ports.get(0) + "/a/page?with=query");
        for (HttpClient.Version version : List.of(HttpClient.Version.HTTP_1_1, HttpClient.Version.HTTP_2)) {
            if (!isAnswered(version, https, REQUESTS)) {
                return false;
            }
        }
        return isAnswered(HttpClient.Version.HTTP_1_1, URI.create("http://localhost:" + ports.get(1) + "/"), 1)
                && isAnswered(
                        HttpClient.Version.HTTP_1_1, URI.create("http://localhost:" + ports.get(2) + "/metrics"), 1)
                && areDone(file);
    }

    private static void start(Runnable work) {
        Thread thread = new Thread(work, "training");
        thread.setDaemon(true);
        thread.start();
    }

    private static List<Integer> freePorts() throws IOException {
        List<Integer> ports = new ArrayList<>();
        try (ServerSocket one = new ServerSocket(0);
                ServerSocket other = new ServerSocket(0);
                ServerSocket third = new ServerSocket(0)) {
            for (ServerSocket socket : List.of(one, other, third)) {
                ports.add(socket.getLocalPort());
            }
        }
        return ports;
    }

    private static boolean isAnswered(HttpClient.Version version, URI uri, int times) {
        HttpClient client = HttpClient.newBuilder()
                .version(version)
                .sslContext(AnyCertificate.context())
                .build();
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(LONGEST_SECONDS))
                .header("Accept", "text/html")
                .header("Cookie", "session=6b1f0a9c")
                .build();
        List<CompletableFuture<Boolean>> turns = new ArrayList<>();
        for (int turn = 0; turn < Math.min(AT_ONCE, times); turn++) {
            turns.add(CompletableFuture.supplyAsync(
                    () -> {
                        boolean all = true;
                        for (int i = 0; i < Math.max(1, times / AT_ONCE); i++) {
                            all &= status(client, request) < 400;
                        }
                        return all;
                    },
                    Training::start));
        }
        return turns.stream().allMatch(CompletableFuture::join);
    }

    private static int status(HttpClient client, HttpRequest request) {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofByteArray()).statusCode();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- a server

    private static void accept(ServerSocket server) {
        try {
            while (true) {
                Socket connection = server.accept();
                start(() -> answer(connection));
            }
        } catch (IOException e) {
            // The end.
        }
    }

    private static void answer(Socket connection) {
        byte[] response =
                ("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-store\r\nContent-Length: 200\r\n\r\n"
                                + "x".repeat(200))
                        .getBytes(StandardCharsets.US_ASCII);
        try (connection;
                BufferedReader in = new BufferedReader(
                        new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.isEmpty()) {
                    connection.getOutputStream().write(response);
                }
            }
        } catch (IOException e) {
            // It is not needed any more.
        }
    }

    // ---- commands

    private static boolean areDone(Path file) {
        return isDone("check", "-c", file.toString())
                && isDone("cert", "check", "-c", file.toString())
                && isDone("cert", "list", "-c", file.toString());
    }

    private static boolean isDone(String... words) {
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        Console console = new Console(new PrintWriter(Writer.nullWriter(), true), err);
        return Main.run(words, console, Map.of()) == ExitCode.OK;
    }
}
