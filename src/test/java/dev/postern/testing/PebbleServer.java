package dev.postern.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.postern.pki.Pem;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * Debian's pebble, Let's Encrypt's ACME server for tests, with pebble-challtestsrv as its DNS: every name resolves to
 * 127.0.0.1, so that its validator comes to {@code httpPort} of this host. Version 2.4.0: no ARI, no profiles, no
 * Retry-After.
 */
public final class PebbleServer implements AutoCloseable {
    /** Of the external account, where it wants one. */
    public static final String KEY_ID = "kid-1";

    public static final String MAC_KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

    private final Path directory;
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final Path caFile;
    private final int port;
    private final int managementPort;
    private final Process dns;
    private final Process pebble;

    /** What the server is to be like: as it comes, but for what is said before it is started. Used by one thread. */
    public static final class Options {
        private final int httpPort;
        private Duration validity = Duration.ofDays(90);
        private int nonceReject;
        private int authzReuse = 50;
        private List<String> blocklist = List.of();
        private boolean slowValidation;
        private boolean externalAccount;
        private int tlsPort = 1;
        private @Nullable InetSocketAddress dnsServer;

        private Options(int httpPort) {
            this.httpPort = httpPort;
        }

        /** Where HTTP-01 is validated. */
        public static Options httpPort(int port) {
            return new Options(port);
        }

        /** Of the certificates. */
        public Options validity(Duration life) {
            validity = life;
            return this;
        }

        /** Percent of good nonces that are refused all the same. */
        public Options nonceReject(int percent) {
            nonceReject = percent;
            return this;
        }

        /** Percent of valid authorizations that a new order gets again. */
        public Options authzReuse(int percent) {
            authzReuse = percent;
            return this;
        }

        /** Names it refuses to certify, with everything below them. */
        public Options blocklist(String... names) {
            blocklist = List.of(names);
            return this;
        }

        /** Sleeps a few seconds before it validates. */
        public Options slowly() {
            slowValidation = true;
            return this;
        }

        /** Registers those only who have {@link #MAC_KEY}. */
        public Options bound() {
            externalAccount = true;
            return this;
        }

        /** Where TLS-ALPN-01 is validated. */
        public Options tlsPort(int port) {
            tlsPort = port;
            return this;
        }

        /** Whom it asks instead of pebble-challtestsrv. */
        public Options dnsServer(InetSocketAddress server) {
            dnsServer = server;
            return this;
        }
    }

    /** Ends the test where pebble is not installed. Its files go to {@code directory}. */
    public static PebbleServer start(Path directory, Options options) {
        Path program = RealPrograms.require("pebble", "pebble");
        Path dnsProgram = RealPrograms.require("pebble-challtestsrv", "pebble");
        try {
            return new PebbleServer(directory, options, program, dnsProgram);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private PebbleServer(Path directory, Options options, Path program, Path dnsProgram) throws IOException {
        this.directory = Files.createDirectories(directory);
        port = FreePorts.next();
        managementPort = FreePorts.next();
        int dnsPort = FreePorts.next();

        // Pebble speaks HTTPS only, and Debian's package brings no certificate.
        TestCa ca = TestCa.create();
        TestCa.Issued server = ca.issue(
                List.of("localhost", "127.0.0.1"), Instant.parse("2020-01-01T00:00:00Z"), Duration.ofDays(20_000));
        caFile = directory.resolve("ca.pem");
        Path certificate = directory.resolve("server.pem");
        Path key = directory.resolve("server.key");
        try {
            Files.writeString(caFile, Pem.of(List.of(ca.root())));
            Files.writeString(certificate, Pem.of(server.chain()));
            Files.writeString(key, Pem.of(server.key()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        JsonObject pebbleOptions = new JsonObject();
        pebbleOptions.addProperty("listenAddress", "127.0.0.1:" + port);
        pebbleOptions.addProperty("managementListenAddress", "127.0.0.1:" + managementPort);
        pebbleOptions.addProperty("certificate", certificate.toString());
        pebbleOptions.addProperty("privateKey", key.toString());
        pebbleOptions.addProperty("httpPort", options.httpPort);
        pebbleOptions.addProperty("tlsPort", options.tlsPort);
        pebbleOptions.addProperty("ocspResponderURL", "");
        pebbleOptions.addProperty("externalAccountBindingRequired", options.externalAccount);
        if (options.externalAccount) {
            JsonObject macKeys = new JsonObject();
            macKeys.addProperty(KEY_ID, MAC_KEY);
            pebbleOptions.add("externalAccountMACKeys", macKeys);
        }
        pebbleOptions.addProperty("certificateValidityPeriod", options.validity.toSeconds());
        JsonArray blocked = new JsonArray();
        options.blocklist.forEach(blocked::add);
        pebbleOptions.add("domainBlocklist", blocked);
        JsonObject json = new JsonObject();
        json.add("pebble", pebbleOptions);
        Path configuration = directory.resolve("pebble.json");
        Files.writeString(configuration, json.toString());

        String dnsAddress = "127.0.0.1:" + dnsPort;
        dns = start(
                Map.of(),
                dnsProgram.toString(),
                "-defaultIPv4",
                "127.0.0.1",
                "-defaultIPv6",
                "",
                "-dns01",
                dnsAddress,
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
                "-management",
                "127.0.0.1:" + FreePorts.next());
        Map<String, String> environment = Map.of(
                "PEBBLE_WFE_NONCEREJECT",
                Integer.toString(options.nonceReject),
                "PEBBLE_AUTHZREUSE",
                Integer.toString(options.authzReuse),
                options.slowValidation ? "PEBBLE_VA_SLEEPTIME" : "PEBBLE_VA_NOSLEEP",
                options.slowValidation ? "3" : "1");
        InetSocketAddress otherDns = options.dnsServer;
        String asked = otherDns == null ? dnsAddress : "127.0.0.1:" + otherDns.getPort();
        pebble = start(environment, program.toString(), "-config", configuration.toString(), "-dnsserver", asked);
        try {
            Awaitility.await("pebble listens")
                    .pollInterval(Duration.ofMillis(20))
                    .atMost(Duration.ofSeconds(15))
                    .until(() -> isOpen(dnsPort) && isOpen(port) && isOpen(managementPort));
        } catch (RuntimeException e) {
            close();
            throw new IllegalStateException("pebble did not start:\n" + String.join("\n", log), e);
        }
    }

    private Process start(Map<String, String> environment, String... command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).directory(directory.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        Thread reader =
                new Thread(() -> read(process), "log-of-" + Path.of(command[0]).getFileName());
        reader.setDaemon(true);
        reader.start();
        return process;
    }

    private void read(Process process) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                log.add(line);
            }
        } catch (IOException e) {
            log.add("log ends: " + e.getMessage());
        }
    }

    private static boolean isOpen(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** For {@code acme.issuers: [{directory: …}]}. */
    public URI directoryUri() {
        return URI.create("https://127.0.0.1:" + port + "/dir");
    }

    /** Trusts the HTTPS of the ACME server itself; for {@code ca-file}. */
    public Path caFile() {
        return caFile;
    }

    /** The root of the certificates that it issues, PEM; another one at each start. */
    public String issuedRoot() {
        try {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            trusted.setCertificateEntry(
                    "ca", Pem.readCertificates(Files.readString(caFile)).get(0));
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            URL url = URI.create("https://127.0.0.1:" + managementPort + "/roots/0")
                    .toURL();
            HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
            connection.setSSLSocketFactory(context.getSocketFactory());
            try (InputStream in = connection.getInputStream()) {
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What it and its DNS said so far. */
    public List<String> log() {
        return List.copyOf(log);
    }

    /** How many accounts were registered. Requests whose nonce it refused do not count. */
    public long accounts() {
        return said(" accounts in memory");
    }

    /** How many orders were made. */
    public long orders() {
        return said(" orders in the db");
    }

    private long said(String text) {
        return log.stream()
                .filter(line -> line.contains("There are now ") && line.contains(text))
                .count();
    }

    @Override
    public void close() {
        for (Process process : List.of(pebble, dns)) {
            process.destroy();
            process.onExit().orTimeout(5, java.util.concurrent.TimeUnit.SECONDS).join();
        }
    }
}
