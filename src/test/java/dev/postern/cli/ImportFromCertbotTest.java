package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.pki.Keys;
import dev.postern.pki.Pem;
import dev.postern.testing.FreePorts;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.Trust;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the real certbot has from a real ACME server is taken over: certificates, keys and the account. */
@Tag("long")
class ImportFromCertbotTest {
    private static final Clock CLOCK = Clock.systemUTC();

    @TempDir
    static Path shared;

    private static final int VALIDATION_PORT = FreePorts.next();
    private static ExecutorService executor;
    private static InternalCa ca;
    private static AcmeServer acme;
    private static Path certbot;

    @TempDir
    private Path directory;

    private Installation installation;
    private String out = "";
    private String err = "";

    @BeforeAll
    static void obtain() throws Exception {
        Path program = RealPrograms.require("certbot", "certbot");
        executor = Executors.newCachedThreadPool();
        SecureRandom random = new SecureRandom();
        ca = InternalCa.open(shared.resolve("ca"), CLOCK, random);
        acme = AcmeServer.start(
                ca,
                new AcmeOptions(executor, CLOCK, random)
                        .state(shared.resolve("ca"))
                        .resolver(name -> List.of(InetAddress.getLoopbackAddress()))
                        .validationPort(VALIDATION_PORT)
                        .certificateValidity(Duration.ofDays(30)));
        certbot = shared.resolve("letsencrypt");
        certbot(program, "site.example", "site.example", "www.site.example");
        certbot(program, "spare.example", "spare.example");
    }

    private static void certbot(Path program, String name, String... names) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                program.toString(),
                "certonly",
                "--standalone",
                "--non-interactive",
                "--agree-tos",
                "--email",
                "ops@example.com",
                "--server",
                acme.directory().toString(),
                "--http-01-address",
                "127.0.0.1",
                "--http-01-port",
                Integer.toString(VALIDATION_PORT),
                "--cert-name",
                name,
                "--config-dir",
                certbot.toString(),
                "--work-dir",
                shared.resolve("work").toString(),
                "--logs-dir",
                shared.resolve("logs").toString()));
        for (String each : names) {
            command.addAll(List.of("-d", each));
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(shared.resolve("certbot.out").toFile());
        builder.environment().put("REQUESTS_CA_BUNDLE", ca.rootFile().toString());
        Process process = builder.start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue())
                .as(Files.readString(shared.resolve("certbot.out"), StandardCharsets.UTF_8))
                .isZero();
    }

    @AfterAll
    static void stop() {
        if (acme != null) {
            acme.close();
            executor.shutdownNow();
        }
    }

    private Map<String, String> before;

    @BeforeEach
    void install() throws IOException {
        installation = new Installation(directory.resolve("postern"));
        before = tree();
    }

    @AfterEach
    void nothingOfCertbotsIsEverChanged() throws IOException {
        assertThat(tree()).isEqualTo(before);
    }

    private static Map<String, String> tree() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(certbot)) {
            for (Path file : all.toList()) {
                files.put(
                        file.toString(),
                        Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                                ? Files.getLastModifiedTime(file) + Files.readString(file)
                                : "");
            }
        }
        return files;
    }

    private int run(String... arguments) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "-c";
        all[arguments.length + 1] = installation.configuration().toString();
        StringWriter stdout = new StringWriter();
        StringWriter stderr = new StringWriter();
        int code = Main.run(all, new Console(new PrintWriter(stdout, true), new PrintWriter(stderr, true)), Map.of());
        out = stdout.toString();
        err = stderr.toString();
        return code;
    }

    @Test
    void certificatesAndTheAccountAreTakenOver_andTheNextOrderIsMadeWithThem() throws Exception {
        installation.configure(acme.directory(), ca.rootFile(), "www.site.example", "other.example");
        // Where the CA comes to look.
        Files.writeString(
                installation.configuration(),
                Files.readString(installation.configuration())
                        .replace(":" + installation.httpPort(), ":" + VALIDATION_PORT));
        long accounts = acme.counters().accounts();

        assertThat(run("cert", "import", "certbot", certbot.toString(), "--dry-run"))
                .as(err)
                .isZero();
        assertThat(out)
                .contains("certificate site.example: would be imported for www.site.example: valid until ")
                .contains("certificate spare.example: passed over: covers all names of no site")
                .contains(": would be imported for localhost-");
        assertThat(installation.store()).doesNotExist();

        assertThat(run("cert", "import", "certbot", certbot.toString())).as(err).isZero();
        assertThat(out).contains("certificate site.example: imported for www.site.example: generation 1, valid until ");
        JsonObject meta = JsonParser.parseString(
                        Files.readString(installation.site("www.site.example").resolve("1/meta.json")))
                .getAsJsonObject();
        Path folder =
                installation.store().resolve("accounts/" + meta.get("issuer").getAsString());
        JsonObject account = JsonParser.parseString(Files.readString(folder.resolve("account.json")))
                .getAsJsonObject();
        assertThat(meta.get("account")).isEqualTo(account.get("url"));
        PrivateKey key = Pem.readKey(Files.readString(folder.resolve("key.pem")));
        assertThat(Keys.pairOf(key).getPublic()).isNotNull();

        assertThat(run("cert", "check")).isEqualTo(1);
        assertThat(out).isEqualTo("other.example: no certificate\n");
        assertThat(run("cert", "import", "certbot", certbot.toString(), "--json"))
                .as(err)
                .isZero();
        assertThat(out).contains("has a certificate that lasts as long", "has an account already");
        assertThat(installation.generations("www.site.example")).containsExactly(1);

        // The CA takes the key for the account that certbot made, and makes no other.
        assertThat(run("cert", "renew", "www.site.example")).as(err).isZero();
        assertThat(acme.counters().accounts()).isEqualTo(accounts);
        assertThat(JsonParser.parseString(Files.readString(
                                installation.site("www.site.example").resolve("2/meta.json")))
                        .getAsJsonObject()
                        .get("account"))
                .isEqualTo(account.get("url"));
    }

    // The daemon's user may not read /etc/letsencrypt: whoever runs the command reads it, and the daemon takes it in.
    @Test
    void runningDaemonTakesItInAndServesItAtOnce() throws Exception {
        // The CA comes to look at another port: the daemon gets none of its own.
        installation.configure(acme.directory(), ca.rootFile(), "site.example");
        try (PosternProcess daemon = installation.runUntilReady()) {
            assertThat(daemon).isNotNull();
            assertThat(run("cert", "import", "certbot", certbot.toString(), "--site", "site.example"))
                    .as(err)
                    .isZero();
            assertThat(out).contains("certificate site.example: imported for site.example: generation 1, valid until ");

            X509Certificate mine = Pem.readCertificates(
                            Files.readString(certbot.resolve("live/site.example/fullchain.pem")))
                    .get(0);
            await().atMost(Duration.ofSeconds(10)).until(() -> installation.serves("site.example", Trust.root(ca)));
            assertThat(installation.served("site.example", Trust.root(ca)).getSerialNumber())
                    .isEqualTo(mine.getSerialNumber());
        }
    }

    @Test
    void validCertificateIsNotReplacedByOneOfAnIssuerThatIsNotConfigured() throws Exception {
        installation.configure("acme: { issuers: [internal], store: \"" + installation.store() + "\" }\n"
                + Installation.sites("site.example"));
        try (PosternProcess daemon = installation.runUntilReady()) {
            daemon.awaitLine("site.example: certificate 1 from internal");

            assertThat(run("cert", "import", "certbot", certbot.toString()))
                    .as(err)
                    .isZero();
            assertThat(out)
                    .contains("certificate site.example: kept for site.example: has a valid certificate, until ")
                    .contains(", which is not in acme.issuers")
                    // Its CA is none of the issuers here: its account is of no use.
                    .doesNotContain("account ");
        }
    }

    @Test
    void whatDoesNotFitIsPassedOverWithTheReason() throws Exception {
        Path copy = directory.resolve("copy");
        Files.createDirectories(copy.resolve("live/site.example"));
        Files.createDirectories(copy.resolve("live/broken.example"));
        Files.copy(certbot.resolve("live/site.example/fullchain.pem"), copy.resolve("live/site.example/fullchain.pem"));
        Files.copy(certbot.resolve("live/spare.example/privkey.pem"), copy.resolve("live/site.example/privkey.pem"));
        Files.writeString(copy.resolve("live/broken.example/fullchain.pem"), "nothing");
        installation.configure(acme.directory(), ca.rootFile(), "site.example");

        assertThat(run("cert", "import", "certbot", copy.toString())).as(err).isZero();

        assertThat(out.lines())
                .hasSize(2)
                .anyMatch(line ->
                        line.equals("certificate site.example: passed over: the key does not fit the certificate"))
                .anyMatch(line -> line.startsWith("certificate broken.example: passed over: " + copy
                        + "/live/broken.example/fullchain.pem: holds no certificate"));
        assertThat(run("cert", "import", "certbot", directory.resolve("nowhere").toString()))
                .isEqualTo(69);
        assertThat(err).contains("no such directory (expected: certbot's directory");
        assertThat(run("cert", "import", "certbot", copy.toString(), "--site", "sit.example"))
                .isEqualTo(64);
    }
}
