package dev.postern.cli;

import dev.postern.app.Daemon;
import dev.postern.app.Edge;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.pki.AnyCertificate;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * A short life, of which the JVM remembers the classes as it has them once they are read, so that others need not read
 * them again (an AOT cache, JEP 514; class-data sharing, JEP 350): an edge with one site, a request, and the commands that
 * are asked most. The launcher has it lived once for each build. Binds free ports of loopback, writes only into its own folder.
 */
public final class Training {
    private static final long LONGEST_SECONDS = 30;

    private static final String CONFIGURATION = """
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

    /** The same with files of its own: those that the other one has got. */
    private static final String OWN_FILES = CONFIGURATION.replace(
            "backend: web }",
            "backend: web, certificate: { chain: certs/localhost/current/fullchain.pem, key: certs/localhost/current/privkey.pem } }");

    private Training() {}

    /** @param args a folder, which is there */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        Path file = Files.writeString(folder.resolve("postern.yaml"), CONFIGURATION);
        boolean good = isServed(file) && areDone(file);
        Path own = Files.writeString(folder.resolve("own.yaml"), OWN_FILES);
        System.exit(good && areDone(own) ? ExitCode.OK : ExitCode.BUG);
    }

    private static boolean isServed(Path file) throws Exception {
        try (Edge edge = Edge.start(ConfigurationFile.read(file), Daemon.schedule(), Clock.systemUTC())) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
            while (edge.certificates().get(0).notAfter() == null) {
                if (System.nanoTime() > end) {
                    return false;
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
            request(edge.httpsAddresses().get(0));
            return true;
        }
    }

    private static void request(InetSocketAddress address) throws IOException {
        try (Socket plain = new Socket(address.getAddress(), address.getPort());
                SSLSocket tls = (SSLSocket) AnyCertificate.context()
                        .getSocketFactory()
                        .createSocket(plain, "localhost", address.getPort(), true)) {
            plain.setSoTimeout((int) TimeUnit.SECONDS.toMillis(LONGEST_SECONDS));
            // Java names no server that has no dot.
            SSLParameters parameters = tls.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName("localhost")));
            tls.setSSLParameters(parameters);
            tls.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            tls.getInputStream().readAllBytes();
        }
    }

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
