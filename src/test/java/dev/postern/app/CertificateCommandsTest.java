package dev.postern.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.postern.cli.CommandRun;
import dev.postern.testing.Installation;
import dev.postern.testing.PosternProcess;
import dev.postern.testing.RawClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** {@code postern cert …} beside a daemon that runs: it is the daemon that does it. */
@Tag("long")
@TestMethodOrder(OrderAnnotation.class)
class CertificateCommandsTest {
    @TempDir
    static Path directory;

    private static Installation installation;
    private static PosternProcess daemon;

    @BeforeAll
    static void start() {
        installation = new Installation(directory)
                .configure("acme: { issuers: [internal], store: \"" + directory.resolve("certs") + "\" }\n"
                        + Installation.sites("app.internal, www.app.internal", "db.internal"));
        daemon = installation.runUntilReady();
        await().atMost(Duration.ofSeconds(20))
                .until(() -> run("cert", "list").lines().stream()
                                .filter(line -> line.contains(".internal") && line.endsWith(" yes"))
                                .count()
                        == 2);
    }

    @AfterAll
    static void stop() {
        daemon.close();
    }

    private static String[] ofThis(String... arguments) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "-c";
        all[arguments.length + 1] = installation.configuration().toString();
        return all;
    }

    private static CommandRun run(String... arguments) {
        return CommandRun.of(Map.of("STATE_DIRECTORY", installation.store().toString()), ofThis(arguments));
    }

    private static JsonObject json(CommandRun ended) {
        return JsonParser.parseString(String.join("\n", ended.lines())).getAsJsonObject();
    }

    @Test
    @Order(1)
    void socketIsForItsOwnerAlone() throws Exception {
        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(installation.store().resolve("control.sock"))))
                .isEqualTo("rw-------");
    }

    @Test
    @Order(2)
    void listAsJsonIsOneDocument() {
        CommandRun list = run("cert", "list", "--json");

        assertThat(list.code()).isZero();
        JsonObject first = json(list).getAsJsonArray("sites").get(0).getAsJsonObject();
        assertThat(first.get("site").getAsString()).isEqualTo("app.internal");
        assertThat(first.get("issuer").getAsString()).isEqualTo("internal");
        assertThat(first.get("served").getAsBoolean()).isTrue();
        assertThat(first.get("not-after").getAsString()).matches("2[0-9-]{9}T[0-9:]{8}Z");
    }

    @Test
    @Order(3)
    void renewOrdersANewCertificateWhichIsServedAtOnce() throws Exception {
        assertThat(installation.generations("app.internal")).containsExactly(1);

        CommandRun renewed = run("cert", "renew", "app.internal");

        assertThat(renewed.code()).as("%s", renewed.lines()).isZero();
        assertThat(renewed.lines()).first().asString().isEqualTo("app.internal: ordering a certificate");
        assertThat(renewed.lines())
                .last()
                .asString()
                .matches("app\\.internal: renewed: from internal, valid until .*Z, next renewal .*Z");
        assertThat(installation.generations("app.internal")).containsExactly(1, 2);
        assertThat(daemon.awaitLine("control: renew app.internal, for ")).contains(" INFO ");
        // The list above changed nothing.
        assertThat(daemon.lines()).noneMatch(line -> line.contains("control: list"));
    }

    @Test
    @Order(3)
    void whatStrangersDoWrongIsNotInTheLog() {
        try (RawClient client = RawClient.plain(installation.httpPort())) {
            assertThat(client.get("app.internal", "/.well-known/acme-challenge/guess")
                            .status())
                    .isEqualTo(404);
            assertThat(client.get("nobody.example", "/").status()).isGreaterThan(299);
            client.request("GET / HTTP/1.1", "No colon");
            assertThat(client.response().status()).isEqualTo(400);
        }
        assertThat(run("cert", "rollback", "nobody.example").code()).isNotZero();
        daemon.awaitLine("control: rollback nobody.example, for ");

        assertThat(daemon.lines())
                .noneMatch(line -> line.contains("no such challenge"))
                .noneMatch(line -> line.contains(": client "));
    }

    @Test
    @Order(4)
    void whatIsNotDueIsKept() {
        CommandRun renewed = run("cert", "renew", "--json");

        assertThat(renewed.code()).isZero();
        assertThat(json(renewed).getAsJsonArray("sites"))
                .hasSize(2)
                .allSatisfy(
                        site -> assertThat(site.getAsJsonObject().get("outcome").getAsString())
                                .isEqualTo("kept"));
        assertThat(run("cert", "issue").lines()).allMatch(line -> line.contains("has a valid certificate"));
    }

    @Test
    @Order(5)
    void rollbackServesTheGenerationBefore() throws Exception {
        CommandRun rolled = run("cert", "rollback", "app.internal");

        assertThat(rolled.code()).as("%s", rolled.lines()).isZero();
        assertThat(rolled.lines())
                .last()
                .asString()
                .startsWith("app.internal: rolled back: from internal, valid until ");
        assertThat(Files.readSymbolicLink(installation.site("app.internal").resolve("current")))
                .hasToString("1");
    }

    @Test
    @Order(6)
    void explainAndPlanSpeakOfTheSite() {
        CommandRun explained = run("cert", "explain", "app.internal");
        assertThat(explained.code()).isZero();
        assertThat(explained.lines()).isNotEmpty().anyMatch(line -> line.contains("app.internal"));

        CommandRun plan = run("cert", "plan");
        assertThat(plan.code()).isZero();
        assertThat(plan.lines().get(0)).matches("SITE +ISSUER +DUE +NEXT ATTEMPT +REASON");
        assertThat(plan.lines()).anyMatch(line -> line.startsWith("db.internal"));
    }

    @Test
    @Order(7)
    void wrongSiteEndsWith64AndASuggestion() {
        CommandRun wrong = run("cert", "explain", "ap.internal");
        assertThat(wrong.code()).isEqualTo(64);
        assertThat(wrong.lines()).singleElement().asString().contains("did you mean \"app.internal\"?");

        CommandRun other = run("cert", "rekey", "www.app.internal");
        assertThat(other.code()).isEqualTo(64);
        assertThat(other.lines()).singleElement().asString().contains("is a name of the site \"app.internal\"");
    }

    @Test
    @Order(8)
    void revocationAsksAndWithoutATerminalNeedsYes() {
        // A process of its own: it is its input that is no terminal.
        try (PosternProcess revoke =
                installation.postern(ofThis("cert", "revoke", "db.internal", "--reason", "superseded"))) {
            assertThat(revoke.awaitExit()).isEqualTo(64);
            assertThat(revoke.lines()).singleElement().asString().contains("no terminal to ask at; --yes says so");
        }
    }

    @Test
    @Order(9)
    void whatTheIssuerCannotDoEndsWith1() {
        CommandRun revoked = run("cert", "revoke", "db.internal", "--reason", "superseded", "--yes");

        assertThat(revoked.code()).isEqualTo(1);
        assertThat(revoked.lines()).last().asString().contains("cannot be revoked; they are short-lived");
        assertThat(run("cert", "revoke", "db.internal", "--serial", "4711", "--reason", "superseded", "--yes")
                        .code())
                .isEqualTo(1);
    }

    @Test
    @Order(10)
    void twoClientsAtOnceAreBothServed() {
        try (PosternProcess one = installation.postern(ofThis("cert", "renew", "db.internal"));
                PosternProcess other = installation.postern(ofThis("cert", "renew", "app.internal"))) {
            assertThat(one.awaitExit()).as("%s", one.lines()).isZero();
            assertThat(other.awaitExit()).as("%s", other.lines()).isZero();
        }
    }

    @Test
    @Order(11)
    void killedDaemonLeavesASocketThatTheNextOneReplaces() {
        Path socket = installation.store().resolve("control.sock");
        daemon.kill();
        assertThat(socket).exists();

        // Nobody answers at it: the command does it itself.
        CommandRun list = run("cert", "list");
        assertThat(list.code()).isZero();
        assertThat(list.lines()).last().asString().endsWith(" no daemon");

        daemon = installation.runUntilReady();
        assertThat(run("cert", "explain", "db.internal").code()).isZero();

        daemon.terminate();
        assertThat(daemon.awaitExit()).isZero();
        assertThat(socket).doesNotExist();
    }
}
