package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.config.read.ConfigurationChange;
import dev.postern.testing.CapturedLog;
import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.RealPrograms;
import dev.postern.testing.TestServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.crypto.generators.OpenBSDBCrypt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who may come in, over both versions of HTTP. */
class BasicAuthTest {
    /** The cheapest there is: that it costs something is not what is tested here. */
    private static final int COST = 4;

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private final TestServer server = TestServer.saying("in");
    private @Nullable String certificate;

    @Test
    void onlyWhoKnowsThePasswordComesIn() throws Exception {
        start("");
        RawClient client = edge.plainClient();

        RawClient.Response asked = client.get("localhost", "/");
        assertThat(asked.status()).isEqualTo(401);
        assertThat(asked.header("WWW-Authenticate")).containsExactly("Basic realm=\"Staff only\", charset=\"UTF-8\"");
        assertThat(get(client, basic("al", "open sesame")).body()).isEqualTo("in");
        // Once more, from memory; and on another connection.
        assertThat(get(client, basic("al", "open sesame")).body()).isEqualTo("in");
        assertThat(get(edge.plainClient(), basic("al", "open sesame")).body()).isEqualTo("in");
        assertThat(get(client, basic("bö", "pä:ß")).body()).isEqualTo("in");
        for (String wrong : List.of(
                basic("al", "Open sesame"),
                basic("al", ""),
                basic("bö", "open sesame"),
                basic("nobody", "open sesame"),
                basic("", ""),
                basic("al", "x".repeat(2000)),
                "Basic",
                "Basic !!!",
                "Basic " + Base64.getEncoder().encodeToString("al".getBytes(StandardCharsets.UTF_8)),
                "Bearer " + basic("al", "open sesame").substring(6),
                basic("al", "open sesame") + "\r\nAuthorization: " + basic("al", "open sesame"))) {
            assertThat(get(client, wrong).status()).as(wrong).isEqualTo(401);
            assertThat(get(client, wrong).status()).as("again: " + wrong).isEqualTo(401);
        }
        assertThat(get(client, "bAsIc " + basic("al", "open sesame").substring(6))
                        .status())
                .isEqualTo(200);
        assertThat(server.requests()).hasSize(5);
        assertThat(server.requests().get(0).header("Authorization")).containsExactly(basic("al", "open sesame"));
    }

    @Test
    void bodyThatComesMeanwhileReachesTheServer() throws Exception {
        start("");
        String body = "b".repeat(200_000);

        RawClient.Response response = edge.client()
                .send("POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + basic("al", "open sesame")
                        + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                .response();

        assertThat(response.status()).isEqualTo(200);
        assertThat(server.requests().get(0).body()).isEqualTo(body);
    }

    @Test
    void http2IsAskedTheSame() throws Exception {
        start("");
        Http2Client client = edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));

        Http2Wire.Response asked = client.get(1, "/").response(1);
        assertThat(asked.status()).isEqualTo(401);
        assertThat(asked.headers().get("www-authenticate").toString()).startsWith("Basic realm=");
        assertThat(client.get(3, "/", "authorization", basic("al", "open sesame"))
                        .response(3)
                        .body())
                .isEqualTo("in");
        assertThat(client.get(5, "/", "authorization", basic("al", "wrong"))
                        .response(5)
                        .status())
                .isEqualTo(401);
    }

    @Test
    void passwordsStayHereWhereTheServerIsNotToSeeThem() throws Exception {
        start(", keep-authorization: false");

        assertThat(get(edge.plainClient(), basic("al", "open sesame")).status()).isEqualTo(200);

        assertThat(server.requests().get(0).header("Authorization")).isEmpty();
    }

    @Test
    void changedPasswordStandsAfterAReload() throws Exception {
        start("");
        RawClient client = edge.plainClient();
        assertThat(get(client, basic("al", "open sesame")).status()).isEqualTo(200);

        ConfigurationChange change = edge.reload(configuration("changed", ""));

        assertThat(get(client, basic("al", "open sesame")).status()).isEqualTo(401);
        assertThat(get(client, basic("al", "changed")).status()).isEqualTo(200);
        assertThat(change.lines()).containsExactly("site localhost: auth.users: al changed");
    }

    /** What is in the files of those who come from Apache or nginx: made by the program itself. */
    @Test
    void whatHtpasswdHasMadeWithoutBcryptIsTakenWithAWarning() throws Exception {
        String program = RealPrograms.require("htpasswd", "apache2-utils").toString();
        Path users = edge.directory().resolve("users");
        for (String[] each : new String[][] {{"-m", "apr"}, {"-s", "sha"}, {"-B", "bcrypt"}}) {
            String line = new String(
                    new ProcessBuilder(program, "-nb", each[0], each[1], "pä:ß " + each[1])
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .getInputStream()
                            .readAllBytes(),
                    StandardCharsets.UTF_8);
            Files.writeString(users, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
        try (CapturedLog log = CapturedLog.begin()) {
            edge.closes(server);
            edge.start(configuration("open sesame", ", users-file: " + users));

            assertThat(log.lines("quickly turned back").toString())
                    .contains("site localhost: auth: \"apr\", \"sha\": the hash")
                    .doesNotContain("bcrypt\"");
        }
        RawClient client = edge.plainClient();
        for (String user : List.of("apr", "sha", "bcrypt")) {
            assertThat(get(client, basic(user, "pä:ß " + user)).status())
                    .as(user)
                    .isEqualTo(200);
            assertThat(get(client, basic(user, "pä:ß")).status()).as(user).isEqualTo(401);
        }
        assertThat(get(client, basic("sha", "pä:ß apr")).status()).isEqualTo(401);
    }

    @Test
    void routeMayBeOpenToAll() throws Exception {
        start("");

        assertThat(edge.plainClient().get("localhost", "/open").status()).isEqualTo(200);
    }

    private static RawClient.Response get(RawClient client, String authorization) {
        return client.request("GET / HTTP/1.1", "Host: localhost", "Authorization: " + authorization)
                .response();
    }

    private static String basic(String user, String password) {
        byte[] pair = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    private static String hash(String version, String password) {
        byte[] salt = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
        return OpenBSDBCrypt.generate(version, password.toCharArray(), salt, COST);
    }

    private void start(String more) throws Exception {
        edge.closes(server);
        edge.start(configuration("open sesame", more));
    }

    /** @param password of al */
    private String configuration(String password, String more) throws Exception {
        if (certificate == null) {
            certificate = edge.site().certificate("localhost");
        }
        return """
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    certificate: %s
                    auth: { realm: Staff only, users: { al: "%s", bö: "%s" }%s }
                    backend: web
                    routes: [{ path: /open, backend: web, auth: off }]
                backends: { web: { servers: ["%s"] } }
                """.formatted(certificate, hash("2y", password), hash("2b", "pä:ß"), more, server.address());
    }
}
