package dev.postern.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/**
 * Debian's BIND as the primary of some zones, on a high port of 127.0.0.1. In each zone {@code ns} is its one name server,
 * and who has the key may update TXT records.
 */
public final class BindServer implements AutoCloseable {
    public static final String KEY = "update-key";

    /** Base64, of no value to anybody. */
    public static final String SECRET = "bm8gc2VjcmV0IGF0IGFsbCwganVzdCBhIHRlc3Qga2V5";

    /** Some of everything; every other name has the address 127.0.0.1. */
    private static final String RECORDS = """
            @ IN A 127.0.0.1
            * IN A 127.0.0.1
            @ IN CAA 0 issue "ca.example.net"
            sub IN CAA 128 issuewild ";"
            only4 IN A 192.0.2.4
            both IN A 192.0.2.4
            both IN AAAA 2001:db8::4
            alias IN CNAME both
            _acme-challenge.delegated IN CNAME challenges.other.test.
            child IN NS ns.elsewhere.test.
            """;

    private final Path directory;
    private final Path log;
    private final int port;
    private final Process named;

    /** Ends the test where named is not installed. */
    public static BindServer start(Path directory, String... zones) {
        return signing("hmac-sha256", directory, zones);
    }

    /** @param algorithm of the key */
    public static BindServer signing(String algorithm, Path directory, String... zones) {
        return of(directory, algorithm, RECORDS, zones);
    }

    /** @param records lines of the zone, and all there is beside its name server: {@code www A 127.0.0.1} */
    public static BindServer serving(Path directory, String zone, String records) {
        return of(directory, "hmac-sha256", records, zone);
    }

    private static BindServer of(Path directory, String algorithm, String records, String... zones) {
        Path program = RealPrograms.require("named", "bind9");
        try {
            return new BindServer(Files.createDirectories(directory), program, algorithm, records, zones);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private BindServer(Path directory, Path program, String algorithm, String records, String... zones)
            throws IOException {
        this.directory = directory;
        this.log = directory.resolve("named.log");
        this.port = FreePorts.next();
        StringBuilder configuration = new StringBuilder("""
                options {
                  directory "%1$s";
                  pid-file none;
                  session-keyfile none;
                  managed-keys-directory "%1$s";
                  listen-on port %2$d { 127.0.0.1; };
                  listen-on-v6 { none; };
                  recursion no;
                  dnssec-validation no;
                  notify no;
                };
                controls { };
                key "%3$s" { algorithm %4$s; secret "%5$s"; };
                key "powerless" { algorithm %4$s; secret "%5$s"; };
                """.formatted(directory, port, KEY, algorithm, SECRET));
        for (String zone : zones) {
            Path file = Files.writeString(directory.resolve(zone + ".zone"), """
                    $TTL 60
                    @ IN SOA ns hostmaster 1 3600 600 86400 1
                    @ IN NS ns
                    ns IN A 127.0.0.1
                    """ + records);
            configuration.append("""
                    zone "%1$s" {
                      type primary;
                      file "%2$s";
                      update-policy { grant %3$s zonesub TXT; };
                    };
                    """.formatted(zone, file, KEY));
        }
        Path file = Files.writeString(directory.resolve("named.conf"), configuration);
        named = new ProcessBuilder(program.toString(), "-g", "-c", file.toString(), "-n", "1")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            Awaitility.await("named serves its zones")
                    .pollInterval(Duration.ofMillis(20))
                    .atMost(Duration.ofSeconds(15))
                    .until(() -> Files.readString(log).lines().anyMatch(line -> line.endsWith(" running")));
        } catch (RuntimeException e) {
            close();
            throw new IllegalStateException("named did not start:\n" + Files.readString(log), e);
        }
    }

    public int port() {
        return port;
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /** A file with the secret of {@link #KEY}, as the configuration takes it. */
    public Path secretFile() {
        try {
            return Files.writeString(directory.resolve("secret"), SECRET + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What {@code dig} says about the TXT records of a name, without the quotes. */
    public List<String> txt(String name) {
        try {
            Process dig = new ProcessBuilder(
                            RealPrograms.require("dig", "bind9-dnsutils").toString(),
                            "@127.0.0.1",
                            "-p",
                            Integer.toString(port),
                            "+short",
                            name,
                            "TXT")
                    .start();
            String said = new String(dig.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return said.lines()
                    .filter(line -> line.startsWith("\""))
                    .map(line -> line.replace("\"", ""))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        named.destroy();
        named.onExit().orTimeout(5, TimeUnit.SECONDS).join();
    }
}
