package dev.postern.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.awaitility.Awaitility;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may press the buttons of the status page, and who may not, however hard he tries. */
class OperatorActionsTest {
    private static final String TOKEN = "0123456789abcdef0123";
    private static final String DRAIN = "/do/server?action=drain&server=web%2Fblue";

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    @Test
    void operatorsByPasswordOrTokenDrainAServer() throws Exception {
        start(true);
        for (String authorization : List.of(basic("ops", "s3cret"), basic("token", TOKEN), "Bearer " + TOKEN)) {
            RawClient.Response answer = post(DRAIN, "Authorization: " + authorization, "Origin: " + origin());
            assertThat(answer.status()).as(authorization).isEqualTo(303);
            assertThat(answer.header("Location")).containsExactly("/operator#backends");
            awaitState("draining");

            post("/do/server?action=ready&server=web/blue", "Authorization: " + authorization);
            awaitState("up");
        }
    }

    @Test
    void pageHasButtonsForOperatorsAndSaysWhatCameOfThem() throws Exception {
        start(true);
        assertThat(get("/").body()).doesNotContain("<form method=\"post\"").contains("href=\"/operator\"");

        String page = get("/", "Authorization: " + basic("ops", "s3cret")).body();
        assertThat(page)
                .contains("signed in as ops")
                .contains("action=\"/do/server?action=drain&amp;server=web%2Fblue\"")
                .contains("action=\"/do/reload\"");
        // Whoever is not known sees what everybody sees.
        assertThat(get("/", "Authorization: " + basic("ops", "wrong")).body()).doesNotContain("<form method=\"post\"");

        post("/do/renew?site=nowhere.example", "Authorization: " + basic("ops", "s3cret"));
        Awaitility.await()
                .until(() -> get("/", "Authorization: " + basic("ops", "s3cret"))
                        .body()
                        .contains("notice bad"));
        assertThat(get("/").body()).doesNotContain("class=\"notice");
    }

    @Test
    void browsersAreAskedWhoTheirOperatorIs() throws Exception {
        start(true);
        assertThat(get("/operator").status()).isEqualTo(401);
        assertThat(get("/operator").header("WWW-Authenticate"))
                .containsExactly("Basic realm=\"Postern\", charset=\"UTF-8\"");
        assertThat(get("/operator", "Authorization: " + basic("ops", "wrong")).status())
                .isEqualTo(401);
        RawClient.Response in = get("/operator?q=nothing", "Authorization: " + basic("ops", "s3cret"));
        assertThat(in.status()).isEqualTo(200);
        assertThat(in.body())
                .contains("signed in as ops", "Nothing is called so.", "action=\"/operator#certificates\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Authorization: Bearer 0123456789abcdef0124",
                "Authorization: Bearer ",
                "Authorization: Basic b3BzOndyb25n",
                "Authorization: Basic !!!",
                "Authorization: Digest username=ops",
                "Cookie: token=0123456789abcdef0123"
            })
    void whoDoesNotProveWhoHeIsIsAskedAndNothingIsDone(String header) throws Exception {
        start(true);
        RawClient.Response answer = header.isEmpty() ? post(DRAIN) : post(DRAIN, header);
        assertThat(answer.status()).isEqualTo(401);
        assertUntouched();
    }

    @Test
    void twoAuthorizationsAreNone() throws Exception {
        start(true);
        assertThat(post(DRAIN, "Authorization: Bearer " + TOKEN, "Authorization: Bearer " + TOKEN)
                        .status())
                .isEqualTo(401);
        assertUntouched();
    }

    /** The browser of an operator sends his password with whatever any page has it send. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Origin: https://evil.example",
                "Origin: null",
                "Origin: ",
                "Origin: http://localhost.evil.example",
                "Origin: http://localhost",
                "Origin: http://localhost:1",
                "Sec-Fetch-Site: cross-site",
                "Sec-Fetch-Site: same-site",
                "Sec-Fetch-Site: none"
            })
    void whatAnotherPageSendsIsRefusedWhoeverIsSignedIn(String header) throws Exception {
        start(true);
        RawClient.Response answer = post(DRAIN, "Authorization: " + basic("ops", "s3cret"), header);
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.body()).contains("another origin");
        assertUntouched();
    }

    @Test
    void oneRightOriginDoesNotHideAnother() throws Exception {
        start(true);
        assertThat(post(DRAIN, "Authorization: Bearer " + TOKEN, "Origin: " + origin(), "Origin: https://evil.example")
                        .status())
                .isEqualTo(403);
        assertUntouched();
    }

    /** A name that suddenly resolves to this address makes the page of another the same origin. */
    @Test
    void reboundNameIsRefusedBeforeAnythingElse() throws Exception {
        start(true);
        String host = "evil.example:" + edge.adminPort();
        try (RawClient client = RawClient.plain(edge.adminPort())) {
            RawClient.Response answer = client.request(
                            "POST " + DRAIN + " HTTP/1.1",
                            "Host: " + host,
                            "Origin: http://" + host,
                            "Sec-Fetch-Site: same-origin",
                            "Authorization: " + basic("ops", "s3cret"),
                            "Content-Length: 0")
                    .response();
            assertThat(answer.status()).isEqualTo(404);
        }
        assertUntouched();
    }

    @Test
    void lookingNeverDoesAnything() throws Exception {
        start(true);
        assertThat(get(DRAIN, "Authorization: Bearer " + TOKEN).status()).isEqualTo(404);
        for (String path : List.of("/do/server?action=burn&server=web/blue", "/do/renew", "/do/nothing")) {
            assertThat(post(path, "Authorization: Bearer " + TOKEN).status())
                    .as(path)
                    .isEqualTo(404);
        }
        for (String page : List.of("/", "/status.json", "/operator")) {
            RawClient.Response answer = post(page, "Authorization: Bearer " + TOKEN);
            assertThat(answer.status()).as(page).isEqualTo(405);
            assertThat(answer.header("Allow")).as(page).containsExactly("GET, HEAD");
        }
        try (RawClient client = RawClient.plain(edge.adminPort())) {
            RawClient.Response answer = client.request(
                            "DELETE / HTTP/1.1", "Host: localhost", "Authorization: Bearer " + TOKEN)
                    .response();
            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.header("Allow")).containsExactly("GET, HEAD, POST");
        }
        assertUntouched();
    }

    @Test
    void withoutOperatorsNobodyMayDoAnything() throws Exception {
        start(false);
        assertThat(get("/").body()).doesNotContain("/operator");
        assertThat(get("/operator").status()).isEqualTo(403);
        assertThat(post(DRAIN, "Authorization: Bearer " + TOKEN).status()).isEqualTo(403);
        assertUntouched();
    }

    @Test
    void operatorWhomAReloadTakesAwayIsNoneAnyMore() throws Exception {
        start(true);
        assertThat(post("/do/server?action=ready&server=web/blue", "Authorization: Bearer " + TOKEN)
                        .status())
                .isEqualTo(303);

        edge.reload(configuration(false));

        assertThat(post(DRAIN, "Authorization: Bearer " + TOKEN).status()).isEqualTo(403);
        assertUntouched();
    }

    // ----

    private void start(boolean operators) throws Exception {
        edge.start(configuration(operators));
    }

    private String configuration(boolean operators) throws Exception {
        Path users = edge.directory().resolve("users");
        Path token = edge.directory().resolve("token");
        if (operators) {
            byte[] salt = new byte[16];
            Files.writeString(
                    users,
                    "ops:" + OpenBSDBCrypt.generate("2y", "s3cret".getBytes(StandardCharsets.UTF_8), salt, 4) + "\n");
            Files.writeString(token, TOKEN + "\n");
        }
        TestServer server = edge.closes(TestServer.saying("blue"));
        return """
                listeners:
                  http: { bind: "127.0.0.1:0" }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                  admin: { bind: "127.0.0.1:0"%s }
                sites:
                  - { names: [localhost], backend: web, certificate: %s }
                backends:
                  web: { servers: [{ address: "%s", name: blue }] }
                """.formatted(
                        operators ? ", users-file: \"" + users + "\", token-file: \"" + token + "\"" : "",
                        edge.site().certificate("localhost"),
                        server.address());
    }

    private static String basic(String user, String password) {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    private String origin() {
        return "http://localhost:" + edge.adminPort();
    }

    private RawClient.Response get(String path, String... headers) {
        return send("GET " + path + " HTTP/1.1", headers);
    }

    private RawClient.Response post(String path, String... headers) {
        List<String> all = new ArrayList<>(List.of(headers));
        all.add("Content-Length: 0");
        return send("POST " + path + " HTTP/1.1", all.toArray(String[]::new));
    }

    private RawClient.Response send(String line, String... headers) {
        List<String> lines = new ArrayList<>(List.of(line, "Host: localhost:" + edge.adminPort()));
        lines.addAll(List.of(headers));
        try (RawClient client = RawClient.plain(edge.adminPort())) {
            return client.request(lines.toArray(String[]::new)).response();
        }
    }

    private void awaitState(String state) {
        Awaitility.await().until(() -> get("/status.json").body().contains("\"state\":\"" + state + "\""));
    }

    private void assertUntouched() {
        assertThat(get("/status.json").body()).contains("\"state\":\"up\"").doesNotContain("\"override\"");
    }
}
