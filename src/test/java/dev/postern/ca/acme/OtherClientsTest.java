package dev.postern.ca.acme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.ca.InternalCa;
import dev.postern.ca.TestChains;
import dev.postern.pki.Pem;
import dev.postern.testing.FreePorts;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The clients of others get certificates from our CA over HTTPS: it speaks ACME, not only Postern's idea of it. */
@Tag("long")
class OtherClientsTest {
    private static final String NAME = "site.example";

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final SecureRandom random = new SecureRandom();

    @TempDir
    Path home;

    private InternalCa ca;
    private AcmeServer server;
    private int http;
    private int tls;

    @BeforeEach
    void start() throws Exception {
        http = FreePorts.next();
        tls = FreePorts.next();
        ca = InternalCa.open(home.resolve("ca"), Clock.systemUTC(), random);
        server = AcmeServer.start(
                ca,
                new AcmeOptions(executor, Clock.systemUTC(), random)
                        .validationPort(http)
                        .tlsAlpnPort(tls)
                        .profiles(AcmeProfile.likeLetsEncrypt())
                        .resolver(name -> List.of(InetAddress.getLoopbackAddress())));
    }

    @AfterEach
    void stop() {
        server.close();
        executor.shutdownNow();
    }

    @Test
    void legoOverHttp() throws Exception {
        lego("--http", "--http.port", "127.0.0.1:" + http);
    }

    @Test
    void legoOverTlsAlpn() throws Exception {
        lego("--tls", "--tls.port", "127.0.0.1:" + tls);
    }

    private void lego(String... challenge) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                RealPrograms.require("lego", "lego").toString(),
                "--accept-tos",
                "--email=ops@example.com",
                "--server=" + server.directory(),
                "--path=" + home.resolve("lego"),
                "--domains=" + NAME));
        command.addAll(List.of(challenge));
        command.add("run");
        run(Map.of("LEGO_CA_CERTIFICATES", ca.rootFile().toString()), command);

        assertIssued(home.resolve("lego/certificates/" + NAME + ".crt"));
    }

    @Test
    void certbotObtainsRenewsAndRevokes() throws Exception {
        String certbot = RealPrograms.require("certbot", "certbot").toString();
        List<String> where = List.of(
                "--non-interactive",
                "--config-dir=" + home.resolve("certbot"),
                "--work-dir=" + home.resolve("work"),
                "--logs-dir=" + home.resolve("logs"),
                "--server=" + server.directory());
        List<String> how = List.of("--http-01-port=" + http, "--http-01-address=127.0.0.1");
        Map<String, String> trust = Map.of("REQUESTS_CA_BUNDLE", ca.rootFile().toString());

        run(
                trust,
                command(certbot, "certonly", "--standalone", "--agree-tos", "--email=ops@example.com", "-d", NAME),
                where,
                how);
        X509Certificate first = assertIssued(home.resolve("certbot/live/" + NAME + "/fullchain.pem"));
        run(trust, command(certbot, "renew", "--force-renewal", "--no-random-sleep-on-renew"), where, how);
        X509Certificate second = assertIssued(home.resolve("certbot/live/" + NAME + "/fullchain.pem"));
        run(
                trust,
                command(certbot, "revoke", "--cert-name=" + NAME, "--reason=superseded", "--no-delete-after-revoke"),
                where);

        assertThat(second.getSerialNumber()).isNotEqualTo(first.getSerialNumber());
        assertThat(server.counters().revocations()).isEqualTo(1);
    }

    @Test
    void acmeTiny() throws Exception {
        String tiny = RealPrograms.require("acme-tiny", "acme-tiny").toString();
        String openssl = RealPrograms.require("openssl", "openssl").toString();
        Path account = home.resolve("account.key");
        Path key = home.resolve("site.key");
        Path csr = home.resolve("site.csr");
        run(Map.of(), command(openssl, "genrsa", "-out", account.toString(), "2048"));
        run(
                Map.of(),
                command(
                        openssl,
                        "req",
                        "-new",
                        "-newkey",
                        "rsa:2048",
                        "-nodes",
                        "-keyout",
                        key.toString(),
                        "-subj",
                        "/CN=" + NAME,
                        "-out",
                        csr.toString()));
        Path chain = home.resolve("tiny.pem");
        try (WebRoot root = WebRoot.serve(home.resolve("tiny"), http, executor)) {
            Files.writeString(
                    chain,
                    run(
                            Map.of("SSL_CERT_FILE", ca.rootFile().toString()),
                            command(
                                    tiny,
                                    "--account-key=" + account,
                                    "--csr=" + csr,
                                    "--acme-dir=" + root.challenges(),
                                    "--disable-check",
                                    "--quiet",
                                    "--directory-url=" + server.directory())));
        }

        assertIssued(chain);
    }

    @Test
    void uacme() throws Exception {
        String uacme = RealPrograms.require("uacme", "uacme").toString();
        Path hook = home.resolve("hook.sh");
        try (WebRoot root = WebRoot.serve(home.resolve("uacme-root"), http, executor)) {
            Files.writeString(hook, """
                    #!/bin/sh
                    # method type ident token auth
                    [ "$2" = http-01 ] || exit 1
                    case $1 in
                      begin) printf %s "$5" > "ROOT/$4" ;;
                      *) rm -f "ROOT/$4" ;;
                    esac
                    """.replace("ROOT", root.challenges().toString()));
            Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwx------"));
            List<String> base = new ArrayList<>(ownMounts());
            base.addAll(command(
                    "sh",
                    "-c",
                    // It trusts the roots of the machine and nothing else: it gets its own view of them.
                    "mount --bind \"$0\" /etc/ssl/certs/ca-certificates.crt && exec \"$@\"",
                    ca.rootFile().toString(),
                    uacme,
                    "-a",
                    server.directory().toString(),
                    "-c",
                    home + "/uacme",
                    "-t",
                    "EC"));
            run(Map.of(), base, List.of("-y", "new", "ops@example.com"));
            run(Map.of(), base, List.of("-h", hook.toString(), "-o", "issue", NAME));
        }

        assertIssued(home.resolve("uacme/" + NAME + "/cert.pem"));
    }

    /** Runs a program with mounts of its own: root may, others where user namespaces are allowed. */
    private static List<String> ownMounts() throws Exception {
        String unshare = RealPrograms.require("unshare", "util-linux").toString();
        boolean isAllowed =
                new ProcessBuilder(unshare, "--mount", "true").start().waitFor() == 0;
        return isAllowed ? command(unshare, "--mount") : command(unshare, "--user", "--map-root-user", "--mount");
    }

    @Test
    void dehydrated() throws Exception {
        String dehydrated = RealPrograms.require("dehydrated", "dehydrated").toString();
        Path config = home.resolve("dehydrated.conf");
        Path base = Files.createDirectories(home.resolve("dehydrated"));
        try (WebRoot root = WebRoot.serve(home.resolve("dehydrated-root"), http, executor)) {
            Files.writeString(config, """
                    CA="%s"
                    BASEDIR="%s"
                    WELLKNOWN="%s"
                    CURL_OPTS="--cacert %s"
                    CONTACT_EMAIL=ops@example.com
                    # Of 4096 bits by default, which openssl looks for as long as all other clients take together.
                    ACCOUNT_KEYSIZE=2048
                    KEYSIZE=2048
                    """.formatted(server.directory(), base, root.challenges(), ca.rootFile()));
            run(Map.of(), command(dehydrated, "--config", config.toString(), "--register", "--accept-terms"));
            run(Map.of(), command(dehydrated, "--config", config.toString(), "--cron", "--domain", NAME, "--ipv4"));
        }

        assertIssued(base.resolve("certs/" + NAME + "/fullchain.pem"));
    }

    private X509Certificate assertIssued(Path chain) throws Exception {
        List<X509Certificate> certificates = Pem.readCertificates(Files.readString(chain));
        TestChains.verify(Trust.root(ca), certificates, Clock.systemUTC().instant());
        assertThat(TestChains.names(certificates.get(0))).containsExactly(NAME);
        assertThat(server.service().issuances())
                .last()
                .satisfies(issued -> assertThat(issued.serial())
                        .isEqualTo(certificates.get(0).getSerialNumber()));
        return certificates.get(0);
    }

    private static List<String> command(String... words) {
        return List.of(words);
    }

    /** What it printed; fails with that where it did not end well. */
    @SafeVarargs
    private String run(Map<String, String> environment, List<String>... words) throws Exception {
        List<String> command = new ArrayList<>();
        for (List<String> some : words) {
            command.addAll(some);
        }
        Path out = home.resolve("out.txt");
        Path errors = home.resolve("errors.txt");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectOutput(out.toFile())
                .redirectError(errors.toFile());
        builder.environment().put("HOME", home.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            // For what hangs: dehydrated starts two thousand programs, which is seconds or minutes, as the machine is.
            assertThat(process.waitFor(3, TimeUnit.MINUTES))
                    .as("%s ended", command)
                    .isTrue();
            assertThat(process.exitValue())
                    .as("%s%n%s%n%s", command, Files.readString(out), Files.readString(errors))
                    .isZero();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(out);
    }

    /** A folder of answers behind HTTP. */
    private record WebRoot(Path challenges, HttpPort port) implements AutoCloseable {
        static WebRoot serve(Path folder, int port, ExecutorService executor) throws IOException {
            Files.createDirectories(folder);
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            return new WebRoot(
                    folder,
                    HttpPort.start(
                            HttpPort.bind(address),
                            null,
                            executor,
                            HttpPort.Limits.DEFAULT,
                            (method, target, headers, body) -> answer(folder, target)));
        }

        private static AcmeReply answer(Path folder, String target) {
            Path file = folder.resolve(target.substring(target.lastIndexOf('/') + 1));
            try {
                return Files.isRegularFile(file)
                        ? AcmeReply.of(200, "application/octet-stream", Files.readString(file))
                        : AcmeReply.empty(404);
            } catch (IOException e) {
                return AcmeReply.empty(500);
            }
        }

        @Override
        public void close() {
            port.close();
        }
    }
}
