package dev.postern.testing;

import dev.postern.schedule.Schedule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/**
 * A directory with a configuration, a store and ports of its own, where Postern runs as a process: what stays the same
 * when it is stopped, killed and started again.
 */
public final class Installation {
    private final Path directory;
    private final Path configuration;
    private final int http = FreePorts.next();
    private final int https = FreePorts.next();
    private final int challenge = FreePorts.next();

    public Installation(Path directory) {
        this.directory = directory;
        this.configuration = directory.resolve("postern.yaml");
    }

    public int httpPort() {
        return http;
    }

    public int httpsPort() {
        return https;
    }

    public Path directory() {
        return directory;
    }

    /** {@code certs/}, as the configurations made here have it. */
    public Path store() {
        return directory.resolve("certs");
    }

    public Path site(String name) {
        return store().resolve(name);
    }

    /** {@code renewal.json} of a site; empty where there is none. */
    public String renewal(String site) {
        Path file = site(site).resolve("renewal.json");
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The numbers of the generations of a site, in order. */
    public List<Integer> generations(String site) {
        try (Stream<Path> children = Files.list(site(site))) {
            return children.map(child -> child.getFileName().toString())
                    .filter(name -> name.matches("[0-9]+"))
                    .map(Integer::valueOf)
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes the configuration: the listeners, and {@code rest}. */
    public Installation configure(String rest) {
        try {
            Files.createDirectories(directory);
            Files.writeString(configuration, """
                    listeners:
                      http: { bind: "127.0.0.1:%d" }
                      https: { bind: "127.0.0.1:%d" }
                      challenge: { bind: "127.0.0.1:%d" }
                    """.formatted(http, https, challenge) + rest);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A configuration of sites that get their certificates from this CA; see {@link #sites}. */
    public Installation configure(URI acmeDirectory, Path caFile, String... sites) {
        return configure(acme(acmeDirectory, caFile) + sites(sites));
    }

    /** The {@code acme} section for this CA. */
    public String acme(URI acmeDirectory, Path caFile) {
        return """
                acme:
                  email: ops@example.com
                  agree-to-terms: true
                  issuers: [{ directory: "%s", ca-file: "%s" }]
                  store: "%s"
                """.formatted(acmeDirectory, caFile, store());
    }

    /**
     * The {@code sites} section: each of {@code sites} is one site, its names with commas between; it answers every
     * request with its first name.
     */
    public static String sites(String... sites) {
        return "sites:\n"
                + Arrays.stream(sites)
                        .map(names -> """
                  - names: [%s]
                    routes: [{ path: /, respond: { status: 200, body: "%s" } }]
                """.formatted(names, names.split(",", 2)[0]))
                        .collect(Collectors.joining());
    }

    public Path configuration() {
        return configuration;
    }

    /** {@code postern run}; returns at once. */
    public PosternProcess run() {
        return postern("run", "-c", configuration.toString());
    }

    /** {@code postern run}, which looks after everything every second rather than every minute; returns when it serves. */
    public PosternProcess runSweepingUntilReady() {
        try {
            Files.createDirectories(directory.resolve("cron"));
            Files.writeString(directory.resolve("cron/quartz.properties"), Schedule.SWEEP + " = * * * * * ?\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        PosternProcess process = PosternProcess.start(
                directory, List.of("-Dpostern.home=" + directory), "run", "-c", configuration.toString());
        process.awaitLine("Edge - ready: ");
        return process;
    }

    /** {@code postern run}; returns when it serves. */
    public PosternProcess runUntilReady() {
        PosternProcess process = run();
        process.awaitLine("Edge - ready: ");
        return process;
    }

    /** Any other command, run in the directory of the installation. */
    public PosternProcess postern(String... arguments) {
        return PosternProcess.start(directory, arguments);
    }

    /** The certificate that a client is shown who asks for {@code name} and trusts {@code root}. */
    public X509Certificate served(String name, X509Certificate root) throws IOException {
        try (RawClient client = RawClient.tls(https, Trust.in(root), name)) {
            return (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
        }
    }

    /** The names in that certificate. */
    public List<String> servedNames(String name, X509Certificate root) throws IOException {
        try {
            return served(name, root).getSubjectAlternativeNames().stream()
                    .map(alternative -> String.valueOf(alternative.get(1)))
                    .toList();
        } catch (CertificateParsingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether a handshake for {@code name} succeeds. */
    public boolean serves(String name, X509Certificate root) {
        try {
            return served(name, root) != null;
        } catch (SSLException refused) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
