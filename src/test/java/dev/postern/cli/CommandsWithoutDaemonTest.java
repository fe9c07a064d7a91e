package dev.postern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.app.Maintenance;
import dev.postern.ca.InternalCa;
import dev.postern.ca.acme.AcmeOptions;
import dev.postern.ca.acme.AcmeServer;
import dev.postern.certificate.store.Store;
import dev.postern.certificate.store.files.FileStore;
import dev.postern.config.read.ConfigurationFile;
import dev.postern.pki.Certificate;
import dev.postern.pki.Pem;
import dev.postern.testing.FreePorts;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.TestSite;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern cert …} where no daemon runs: the command holds the store and answers the CA itself. */
@Tag("long")
class CommandsWithoutDaemonTest {
    private static final Clock CLOCK = Clock.systemUTC();

    @TempDir
    private Path directory;

    private final SecureRandom random = new SecureRandom();
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private Installation installation;
    private String out = "";
    private String err = "";

    @BeforeEach
    void install() {
        installation = new Installation(directory.resolve("postern"));
    }

    @AfterEach
    void stop() {
        executor.shutdownNow();
    }

    private void configureInternal(String... sites) {
        installation.configure(
                "acme: { issuers: [internal], store: \"" + installation.store() + "\" }\n" + Installation.sites(sites));
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

    private JsonObject json() {
        return JsonParser.parseString(out).getAsJsonObject();
    }

    @Test
    void issueWithTheInternalIssuer_thenKept_thenForced() throws IOException {
        configureInternal("app.internal", "db.internal");

        assertThat(run("cert", "issue")).as(err).isZero();
        assertThat(out.lines()).hasSize(2).allMatch(line -> line.contains(": issued: from internal, valid until "));
        assertThat(installation.generations("app.internal")).containsExactly(1);

        assertThat(run("cert", "issue", "app.internal")).isZero();
        assertThat(out)
                .isEqualTo("app.internal: kept: has a valid certificate for all its names; --force orders another\n");

        assertThat(run("cert", "issue", "app.internal", "--force", "--json")).isZero();
        assertThat(installation.generations("app.internal")).containsExactly(1, 2);
        assertThat(json().getAsJsonArray("sites").get(0).getAsJsonObject().keySet())
                .containsExactly("site", "outcome", "certificate");

        assertThat(run("cert", "rollback", "app.internal")).as(err).isZero();
        assertThat(Files.readSymbolicLink(installation.site("app.internal").resolve("current")))
                .hasToString("1");
    }

    /** Who is told to ask it again would be told the same again. */
    @Test
    void rekeyWithTheInternalIssuerSaysUntilWhenTheOldOneIsBelieved() {
        configureInternal("app.internal");
        assertThat(run("cert", "issue")).as(err).isZero();

        assertThat(run("cert", "rekey", "app.internal")).isEqualTo(1);
        assertThat(err)
                .contains("is not revoked: internal: certificates of this issuer cannot be revoked")
                .containsPattern("it is refused here all the same, and clients believe it until 20\\S+Z")
                .doesNotContain("asks the CA again");
    }

    @Test
    void forceNeedsNames() {
        configureInternal("app.internal");

        assertThat(run("cert", "issue", "--force")).isEqualTo(64);
        assertThat(err).contains("--force orders for the sites that are named");
        assertThat(run("cert", "renew", "app.internal", "--all")).isEqualTo(64);
        assertThat(run("cert", "check", "--warn", "1.5")).isEqualTo(64);
    }

    @Test
    void issueOverAcmeThroughTheChallengePort_andExportIt() throws Exception {
        InternalCa ca = InternalCa.open(directory.resolve("ca"), CLOCK, random);
        try (AcmeServer acme = AcmeServer.start(
                ca,
                new AcmeOptions(executor, CLOCK, random)
                        .state(directory.resolve("ca"))
                        .resolver(name -> List.of(InetAddress.getLoopbackAddress()))
                        .validationPort(installation.httpPort())
                        .certificateValidity(Duration.ofDays(6)))) {
            URI acmeDirectory = acme.directory();
            installation.configure(acmeDirectory, ca.rootFile(), "site.example,www.site.example");

            assertThat(run("cert", "issue")).as(err).isZero();
            assertThat(out).startsWith("site.example: issued: from ");
            assertThat(acme.counters().certificates()).isEqualTo(1);

            assertThat(run("cert", "account", "show", "--json")).as(err).isZero();
            assertThat(run("cert", "plan")).as(err).isZero();
            assertThat(out.lines()).anyMatch(line -> line.startsWith("site.example"));
        }

        Path copy = directory.resolve("copy");
        assertThat(run("cert", "export", "site.example", copy.toString()))
                .as(err)
                .isZero();
        assertThat(Pem.readKey(Files.readString(copy.resolve("privkey.pem")))).isNotNull();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copy.resolve("privkey.pem"))))
                .isEqualTo("rw-------");
        assertThat(Files.readString(copy.resolve("fullchain.pem")))
                .isEqualTo(Files.readString(copy.resolve("cert.pem")) + Files.readString(copy.resolve("chain.pem")));

        assertThat(run("cert", "export", "site.example", copy.toString())).isEqualTo(1);
        assertThat(err).contains("exists already; --force overwrites it");
        assertThat(run("cert", "export", "site.example", copy.toString(), "--force"))
                .isZero();

        Path p12 = directory.resolve("site.p12");
        Path password = Files.writeString(directory.resolve("password"), "changeit\n");
        assertThat(run(
                        "cert",
                        "export",
                        "site.example",
                        "--pkcs12",
                        p12.toString(),
                        "--password-file",
                        password.toString()))
                .as(err)
                .isZero();
        KeyStore store = KeyStore.getInstance(p12.toFile(), "changeit".toCharArray());
        assertThat(store.getKey("site.example", "changeit".toCharArray())).isNotNull();
        X509Certificate leaf = (X509Certificate) store.getCertificate("site.example");
        assertThat(leaf.getNotAfter().toInstant()).isAfter(Instant.now());
    }

    @Test
    void portThatIsInUseIsSaidAndEndsWith69() throws IOException {
        configureInternal("app.internal");
        try (ServerSocket taken = new ServerSocket(installation.httpPort(), 1, InetAddress.getLoopbackAddress())) {
            assertThat(taken.isBound()).isTrue();

            assertThat(run("cert", "issue")).isEqualTo(69);
            assertThat(err)
                    .contains("listener http 127.0.0.1:" + installation.httpPort(), "in use")
                    .contains("no daemon runs, so this command has to answer the CA itself");
            // What needs no CA needs no port.
            assertThat(run("cert", "explain", "app.internal")).as(err).isZero();
        }
    }

    @Test
    void storeThatSomebodyElseHoldsIsLeftAlone() throws Exception {
        configureInternal("app.internal");
        try (Store held = FileStore.open(
                ConfigurationFile.read(installation.configuration()).acme().store())) {
            assertThat(held.exists()).isTrue();

            assertThat(run("cert", "renew", "--all")).isEqualTo(69);
            assertThat(err).contains("in use by a process that takes no commands at ", "control.sock");
            assertThat(run("cert", "list")).isZero();
            assertThat(run("cert", "check")).isEqualTo(1);
        }
    }

    @Test
    void commandEndsWhenItsHooksHaveEnded() throws IOException {
        Path seen = directory.resolve("seen");
        Path hook = Files.writeString(
                directory.resolve("hook"),
                "#!/bin/sh\nsleep 1\ngrep -q serial && echo $POSTERN_SITE >> " + seen
                        + "\n[ $POSTERN_SITE != b.internal ]\n");
        Files.setPosixFilePermissions(hook, PosixFilePermissions.fromString("rwx------"));
        installation.configure("hooks: { on-renewed: [\"" + hook + "\"] }\nacme: { issuers: [internal], store: \""
                + installation.store() + "\" }\n" + Installation.sites("a.internal", "b.internal", "c.internal"));

        assertThat(run("cert", "issue")).as(err).isZero();

        assertThat(Files.readAllLines(seen)).containsExactlyInAnyOrder("a.internal", "b.internal", "c.internal");
        assertThat(err.lines()).filteredOn("waiting for hooks"::equals).hasSize(1);
        // The one that failed is told by the next daemon.
        assertThat(installation.site("a.internal").resolve("told.json"))
                .content()
                .contains("serial");
        assertThat(installation.site("b.internal").resolve("told.json"))
                .content()
                .doesNotContain("serial");
    }

    @Test
    void daemonDoesNotStartOnAStoreThatACommandHolds() throws Exception {
        configureInternal("app.internal");
        try (Maintenance command = Maintenance.open(ConfigurationFile.read(installation.configuration()), false);
                PosternProcess daemon = installation.run()) {
            assertThat(command.commands()).isNotNull();
            assertThat(daemon.awaitExit()).isEqualTo(69);
            assertThat(daemon.lines()).last().asString().contains("the certificate store is in use by another postern");
        }
    }

    @Test
    void checkIsSilentWhereAllIsWellAndElseSaysOneLineASite() throws IOException {
        configureInternal("app.internal", "db.internal");
        assertThat(run("cert", "check")).isEqualTo(1);
        assertThat(out).isEqualTo("app.internal: no certificate\ndb.internal: no certificate\n");

        assertThat(run("cert", "issue")).as(err).isZero();
        assertThat(run("cert", "check")).isZero();
        assertThat(out).isEmpty();
        assertThat(run("cert", "check", "--json")).isZero();
        assertThat(json().getAsJsonArray("overdue")).isEmpty();

        // Drawn for long ago: so late a renewal has failed.
        Path renewal = installation.site("db.internal").resolve("renewal.json");
        JsonObject history = JsonParser.parseString(Files.readString(renewal)).getAsJsonObject();
        history.getAsJsonObject("pick")
                .addProperty("at", Instant.now().minus(Duration.ofDays(30)).toString());
        Files.writeString(renewal, history.toString());
        assertThat(run("cert", "check")).isEqualTo(1);
        assertThat(out)
                .startsWith("db.internal: due for renewal since ")
                .contains(", expires on ")
                .hasLineCount(1);
        assertThat(run("cert", "check", "--warn", "1")).isZero();

        Files.writeString(installation.site("app.internal").resolve("1/cert.pem"), "");
        assertThat(run("cert", "check", "--warn", "1")).isEqualTo(1);
        assertThat(out).isEqualTo("app.internal: no certificate\n");
    }

    @Test
    void sitesThatNeedNoIssuerAreExplainedToo_andNobodyIsSentToAnotherInVain() throws IOException {
        String own = new TestSite(Files.createDirectory(directory.resolve("own"))).certificate("*.example");
        String respond = "routes: [{ path: /, respond: { status: 200 } }]";
        installation.configure("acme: { issuers: [internal], store: \"" + installation.store() + "\" }\nsites:\n"
                + "  - { names: [\"*.example\"], certificate: " + own + ", " + respond + " }\n"
                + "  - { names: [shop.example], certificate: { of: \"*.example\" }, " + respond + " }\n"
                + "  - { names: [printer.lan, scanner.lan], plain: true, " + respond + " }\n");

        assertThat(run("cert", "explain", "*.example")).as(err).isZero();
        String explained = out;
        assertThat(explained)
                .startsWith("*.example brings its own certificate, ")
                .hasLineCount(1);
        assertThat(run("cert", "explain", "shop.example")).as(err).isZero();
        assertThat(out).isEqualTo("shop.example has the certificate of the site *.example\n" + explained);
        assertThat(run("cert", "explain", "printer.lan")).as(err).isZero();
        assertThat(out).isEqualTo("printer.lan is served over HTTP only: it has no certificate, and needs none\n");
        assertThat(run("cert", "explain", "scanner.lan")).isEqualTo(64);
        assertThat(err).startsWith("\"scanner.lan\" is a name of the site \"printer.lan\"; name that one");

        assertThat(run("cert", "renew", "shop.example")).isEqualTo(64);
        assertThat(err)
                .startsWith("\"shop.example\" has the certificate of the site \"*.example\", which brings its own, ")
                .endsWith("; there is nothing to ask an issuer for\n");
    }

    @Test
    void certificateThatASiteHasOfAnotherOneIsExportedAsItsOwn() throws Exception {
        String own = new TestSite(Files.createDirectory(directory.resolve("own"))).certificate("*.example");
        String respond = "routes: [{ path: /, respond: { status: 200 } }]";
        installation.configure("acme: { issuers: [internal], store: \"" + installation.store() + "\" }\nsites:\n"
                + "  - { names: [\"*.example\"], certificate: " + own + ", " + respond + " }\n"
                + "  - { names: [shop.example], certificate: { of: \"*.example\" }, " + respond + " }\n");
        Path of = directory.resolve("of");
        Path shared = directory.resolve("shared");

        assertThat(run("cert", "export", "*.example", of.toString())).as(err).isZero();
        assertThat(run("cert", "export", "shop.example", shared.toString()))
                .as(err)
                .isZero();

        assertThat(Certificate.of(
                                "shop.example",
                                "file",
                                Pem.readKey(Files.readString(shared.resolve("privkey.pem"))),
                                Pem.readCertificates(Files.readString(shared.resolve("fullchain.pem"))))
                        .names())
                .containsExactly("*.example");
        for (String file : List.of("privkey.pem", "cert.pem", "chain.pem", "fullchain.pem")) {
            assertThat(shared.resolve(file)).hasSameBinaryContentAs(of.resolve(file));
        }
    }

    /** Who orders for what is due, every hour from cron say, must not order faster than the daemon would. */
    @Test
    void renewOfWhatIsDueKeepsToTheBackOff_andSaysWhenItEnds() throws Exception {
        int nobody = FreePorts.next();
        installation.configure("acme: { email: ops@example.com, agree-to-terms: true, issuers: [{ directory:"
                + " \"https://127.0.0.1:" + nobody + "/\" }], store: \"" + installation.store() + "\" }\n"
                + Installation.sites("site.example"));
        assertThat(run("cert", "renew")).isEqualTo(1);
        assertThat(err).contains("site.example: ", "the fault is with the CA or the way to it; tried again in ");
        String attempts = installation.renewal("site.example");

        assertThat(run("cert", "renew")).as(err).isZero();
        assertThat(out)
                .matches(
                        "site\\.example: waiting: due, but waiting after failure 1; the next attempt is at "
                                + "[-0-9]+T[:0-9]+Z, and \"postern cert renew site\\.example\" does not wait for our own back-off\n");
        assertThat(installation.renewal("site.example")).isEqualTo(attempts);

        // A start says so, too: until the next attempt nothing else would.
        try (PosternProcess daemon = installation.run()) {
            assertThat(daemon.awaitLine("site.example: no certificate to serve; 1 attempt failed, the last at "))
                    .contains(" ERROR ")
                    .containsPattern("; the next one in [0-9ms ]+, at [-0-9]+T[:0-9]+Z$");
            // The next command needs its ports and its lock.
            daemon.kill();
        }

        assertThat(run("cert", "renew", "site.example")).isEqualTo(1);
        assertThat(installation.renewal("site.example")).contains("\"failures\": 2");
    }

    @Test
    void listHasTheBeginningOfALongFailure_andJsonAllOfIt() throws IOException {
        configureInternal("app.internal");
        assertThat(run("cert", "issue")).as(err).isZero();
        String message = "order refused because of " + "many words ".repeat(200);
        JsonObject failure = new JsonObject();
        failure.addProperty("at", Instant.now().toString());
        failure.addProperty("fault", "ca");
        failure.addProperty("spread", 1.0);
        failure.addProperty("message", message);
        Path renewal = installation.site("app.internal").resolve("renewal.json");
        JsonObject history = JsonParser.parseString(Files.readString(renewal)).getAsJsonObject();
        history.addProperty("failures", 1);
        history.add("last-failure", failure);
        Files.writeString(renewal, history.toString());

        assertThat(run("cert", "list")).as(err).isZero();
        assertThat(out)
                .contains("    order refused because of many words ")
                .endsWith("… (all of it: postern cert explain app.internal)\n");
        assertThat(out.lines()).allMatch(line -> line.length() < 400);
        assertThat(run("cert", "list", "--json")).as(err).isZero();
        assertThat(out).contains(message);
    }

    @Test
    void rehearsalWithTheInternalIssuerSignsSomethingAndThrowsItAway() {
        configureInternal("app.internal");

        assertThat(run("cert", "renew", "--dry-run")).as(err).isZero();

        assertThat(out)
                .startsWith("app.internal: rehearsed\n")
                .contains("rehearsing at internal for app.internal", "thrown away; nothing was installed");
        assertThat(installation.site("app.internal").resolve("1")).doesNotExist();
    }

    /** What was tried is one thing; what the same command without --dry-run would do is another. */
    @Test
    void rehearsalSaysOfEachSiteWhatWouldBeDone() {
        configureInternal("app.internal", "db.internal");
        assertThat(run("cert", "issue", "app.internal")).as(err).isZero();

        assertThat(run("cert", "renew", "--dry-run")).as(err).isZero();
        assertThat(out.lines().filter(line -> line.contains("without --dry-run") || !line.startsWith(" ")))
                .satisfiesExactly(
                        line -> assertThat(line).isEqualTo("app.internal: rehearsed"),
                        line -> assertThat(line).startsWith("    without --dry-run: kept, not due before 20"),
                        line -> assertThat(line).isEqualTo("db.internal: rehearsed"),
                        line -> assertThat(line).isEqualTo("    without --dry-run: renewed now"));

        assertThat(run("cert", "renew", "--all", "--dry-run")).as(err).isZero();
        assertThat(out.lines().filter(line -> line.contains("without --dry-run")))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .startsWith("    without --dry-run: renewed now, though not due before 20"),
                        line -> assertThat(line).isEqualTo("    without --dry-run: renewed now"));
    }

    @Test
    void nothingToRenewIsSaid() {
        installation.configure(
                "sites: [{ names: [a.example], plain: true, routes: [{ path: /, respond: { status: 204 } }] }]\n"
                        + "acme: { store: \"" + installation.store() + "\" }\n");

        for (String more : List.of("--all", "--dry-run")) {
            assertThat(run("cert", "renew", more)).as(err).isZero();
            assertThat(err).contains("nothing to renew: no site gets its certificate from an issuer");
        }
    }

    @Test
    void attemptsThatCannotBeReadAreALineAndNoNoise() throws IOException {
        configureInternal("app.internal");
        assertThat(run("cert", "issue")).as(err).isZero();
        Path renewal = installation.site("app.internal").resolve("renewal.json");
        Files.writeString(renewal, "{");

        assertThat(run("cert", "check")).isEqualTo(1);
        assertThat(out)
                .startsWith("app.internal: " + renewal + ": cannot be read: damaged (")
                .hasLineCount(1);
        assertThat(run("cert", "list")).isZero();
        assertThat(out).contains(renewal + ": cannot be read: damaged (");
        assertThat(err).isEmpty();
    }

    @Test
    void planListsTheLimitsOfWhichSomethingIsUsed() throws Exception {
        InternalCa ca = InternalCa.open(directory.resolve("ca"), CLOCK, random);
        try (AcmeServer acme = AcmeServer.start(
                ca,
                new AcmeOptions(executor, CLOCK, random)
                        .resolver(name -> List.of(InetAddress.getLoopbackAddress()))
                        .validationPort(installation.httpPort()))) {
            installation.configure("""
                    acme:
                      email: ops@example.com
                      agree-to-terms: true
                      issuers: [{ directory: "%s", ca-file: "%s", rate-limits: letsencrypt }]
                      store: "%s"
                    """.formatted(acme.directory(), ca.rootFile(), installation.store())
                    + Installation.sites("site.example"));

            assertThat(run("cert", "plan")).as(err).isZero();
            assertThat(out).doesNotContain("left");
            assertThat(run("cert", "issue")).as(err).isZero();
            assertThat(run("cert", "plan")).as(err).isZero();
            assertThat(out)
                    .contains("new orders per account: ", "certificates per registered domain (site.example): ")
                    .doesNotContain("failed validations");
            assertThat(run("cert", "plan", "--all")).as(err).isZero();
            assertThat(out).contains("failed validations");
            assertThat(run("cert", "plan", "--json")).as(err).isZero();
            assertThat(out).contains("failed validations");
        }
    }
}
