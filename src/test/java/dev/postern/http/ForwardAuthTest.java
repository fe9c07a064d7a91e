package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.Http2Wire;
import dev.postern.testing.RawClient;
import dev.postern.testing.TestServer;
import dev.postern.testing.WebSocketEcho;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Another server says who may come in: the contracts that Authelia, Authentik and oauth2-proxy document, byte by byte. */
@SuppressWarnings("StringConcatToTextBlock") // On the wire lines end in CRLF.
class ForwardAuthTest {
    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    private TestServer app;
    private TestServer auth;
    private volatile TestServer.Script answers = (request, connection) -> connection.send(TestServer.ok("?"));

    @BeforeEach
    void begin() {
        app = edge.closes(TestServer.start((request, connection) -> {
            if (request.head().contains("Upgrade: websocket")) {
                WebSocketEcho.serve(request, connection);
            } else {
                connection.send(TestServer.ok("in"));
            }
        }));
        auth = edge.closes(TestServer.start((request, connection) -> answers.answer(request, connection)));
    }

    private void start(String rule) throws Exception {
        start(rule, "servers: [\"" + auth.address() + "\"]", "");
    }

    private void start(String rule, String authBackend, String more) throws Exception {
        edge.start("""
                listeners:
                  http: { bind: "127.0.0.1:0", redirect: off }
                  https: { bind: "127.0.0.1:0" }
                  challenge: { bind: "127.0.0.1:0" }
                sites:
                  - names: [localhost]
                    backend: web
                    certificate: %s
                    forward-auth: %s
                    routes: [{ path: /open/, backend: web, forward-auth: off }]
                backends:
                  web: { servers: ["%s"] }
                  auth: { %s }
                access-log: { to: "%s", format: json }
                %s
                """.formatted(
                        edge.site().certificate("localhost"),
                        rule,
                        app.address(),
                        authBackend,
                        edge.directory().resolve("access.log"),
                        more));
    }

    private Http2Client http2() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    private static String answer(String status, String fields, String body) {
        return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    // ---- the documented contracts

    /** https://www.authelia.com/integration/proxies/traefik/ and /caddy/, reference of the endpoint ForwardAuth. */
    @Test
    void autheliaIsAskedAndBelieved() throws Exception {
        answers = (request, connection) -> {
            boolean known = request.header("Cookie").contains("authelia_session=good");
            String target = "https://" + request.header("X-Forwarded-Host").get(0)
                    + request.header("X-Forwarded-Uri").get(0);
            connection.send(
                    known
                            ? answer(
                                    "200 OK",
                                    "Remote-User: al\r\nRemote-Groups: staff,ops\r\nRemote-Name: Al\r\n"
                                            + "Remote-Email: al@example.com\r\nX-Other: no\r\n",
                                    "200 OK")
                            : answer(
                                    "302 Found",
                                    "Location: https://auth.example.com/?rd=" + target + "&rm="
                                            + request.header("X-Forwarded-Method")
                                                    .get(0)
                                            + "\r\nSet-Cookie: authelia_session=new; Path=/\r\nSet-Cookie: second=2\r\n",
                                    "<a>"));
        };
        start(
                "{ to: auth, path: /api/authz/forward-auth, copy-headers: [Remote-User, Remote-Groups, Remote-Name, Remote-Email] }");
        RawClient client = edge.client();

        RawClient.Response away = client.get("localhost", "/a/../b?c=d");
        assertThat(away.status()).isEqualTo(302);
        assertThat(away.header("Location"))
                .containsExactly("https://auth.example.com/?rd=https://localhost/b?c=d&rm=GET");
        assertThat(away.header("Set-Cookie")).containsExactly("authelia_session=new; Path=/", "second=2");
        assertThat(away.body()).isEqualTo("<a>");
        assertThat(app.requests()).isEmpty();

        RawClient.Response in = client.request(
                        "POST /b HTTP/1.1",
                        "Host: localhost",
                        "Cookie: authelia_session=good",
                        "Remote-User: root",
                        "remote-email: root@example.com",
                        "Connection: Remote-Groups",
                        "Content-Length: 0")
                .response();
        assertThat(in.body()).isEqualTo("in");
        TestServer.Request seen = app.requests().get(0);
        assertThat(seen.header("Remote-User")).containsExactly("al");
        assertThat(seen.header("Remote-Groups")).containsExactly("staff,ops");
        assertThat(seen.header("Remote-Email")).containsExactly("al@example.com");
        assertThat(seen.header("X-Other")).isEmpty();
        TestServer.Request asked = auth.requests().get(1);
        assertThat(asked.line()).isEqualTo("GET /api/authz/forward-auth HTTP/1.1");
        assertThat(asked.header("X-Forwarded-Method")).containsExactly("POST");
        assertThat(asked.header("X-Forwarded-Proto")).containsExactly("https");
        assertThat(asked.header("X-Forwarded-Host")).containsExactly("localhost");
        assertThat(asked.header("X-Forwarded-Uri")).containsExactly("/b");
        assertThat(asked.header("X-Forwarded-For")).containsExactly("127.0.0.1");
        assertThat(asked.header("Remote-User")).isEmpty();
        assertThat(asked.header("Content-Length")).isEmpty();
        // The connection to it is kept.
        assertThat(auth.connectionsAccepted()).isEqualTo(1);
    }

    /** https://docs.goauthentik.io/add-secure-apps/providers/proxy/server_traefik */
    @Test
    void authentikIsAskedAndBelieved() throws Exception {
        answers = (request, connection) -> connection.send(
                request.header("Cookie").isEmpty()
                        ? answer(
                                "302 Found",
                                "Location: https://localhost/outpost.goauthentik.io/start?rd=x\r\n"
                                        + "Set-Cookie: authentik_proxy_1=s; HttpOnly; Secure\r\n",
                                "")
                        : answer(
                                "200 OK",
                                "X-authentik-username: al\r\nX-authentik-groups: a|b\r\n"
                                        + "Authorization: Basic YWw6c2VjcmV0\r\n",
                                ""));
        start(
                "{ to: auth, path: /outpost.goauthentik.io/auth/traefik, copy-headers: [X-authentik-username, X-authentik-groups, Authorization] }");
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/").header("Set-Cookie"))
                .containsExactly("authentik_proxy_1=s; HttpOnly; Secure");
        assertThat(client.request("GET / HTTP/1.1", "Host: localhost", "Cookie: a=b", "Authorization: Bearer mine")
                        .response()
                        .status())
                .isEqualTo(200);
        // It may go by what the client says there; the server behind gets what it says.
        assertThat(auth.requests().get(1).header("Authorization")).containsExactly("Bearer mine");
        assertThat(app.requests().get(0).header("Authorization")).containsExactly("Basic YWw6c2VjcmV0");
        assertThat(app.requests().get(0).header("X-authentik-username")).containsExactly("al");
    }

    /** https://oauth2-proxy.github.io/oauth2-proxy/configuration/integration: 202 or 401, and a cookie that is new now and then. */
    @Test
    void oauth2ProxyIsAskedAndBelievedAndItsNewCookieReachesTheClient() throws Exception {
        answers = (request, connection) -> connection.send(
                request.header("Cookie").isEmpty()
                        ? answer("401 Unauthorized", "", "Unauthorized\n")
                        : answer(
                                "202 Accepted",
                                "X-Auth-Request-User: al\r\nX-Auth-Request-Email: al@example.com\r\n"
                                        + "Set-Cookie: _oauth2_proxy=fresh; Path=/\r\n",
                                ""));
        start("{ to: auth, path: /oauth2/auth, copy-headers: [X-Auth-Request-User, X-Auth-Request-Email] }");
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/").status()).isEqualTo(401);
        RawClient.Response in = client.request("GET / HTTP/1.1", "Host: localhost", "Cookie: _oauth2_proxy=old")
                .response();
        assertThat(in.body()).isEqualTo("in");
        assertThat(in.header("Set-Cookie")).containsExactly("_oauth2_proxy=fresh; Path=/");
        assertThat(app.requests().get(0).header("X-Auth-Request-Email")).containsExactly("al@example.com");
    }

    // ---- nobody gets past it

    @Test
    void whatTheClientSaysOfHostMethodAndPathIsNotPassedOn() throws Exception {
        answers = (request, connection) -> connection.send(answer("401 No", "", ""));
        start("{ to: auth, path: /verify }", "servers: [\"" + auth.address() + "\"]", "trusted-proxies: [127.0.0.0/8]");

        edge.plainClient()
                .request(
                        "GET /admin HTTP/1.1",
                        "Host: localhost",
                        "X-Forwarded-Method: OPTIONS",
                        "X-Forwarded-Uri: /open/",
                        "X-Original-URL: https://localhost/open/",
                        "X-Original-Method: OPTIONS",
                        "X-Forwarded-Host: other",
                        "X-Forwarded-Proto: https",
                        "X-Forwarded-For: 192.0.2.7",
                        "X_Forwarded_Uri: /open/")
                .response();

        TestServer.Request asked = auth.requests().get(0);
        assertThat(asked.header("X-Forwarded-Uri")).containsExactly("/admin");
        assertThat(asked.header("X-Forwarded-Method")).containsExactly("GET");
        assertThat(asked.header("X-Forwarded-Host")).containsExactly("localhost");
        assertThat(asked.head()).doesNotContainIgnoringCase("x-original").doesNotContain("X_Forwarded");
        // What a trusted proxy alone can know.
        assertThat(asked.header("X-Forwarded-Proto")).containsExactly("https");
        assertThat(asked.header("X-Forwarded-For")).containsExactly("192.0.2.7, 127.0.0.1");
    }

    @Test
    void copiedHeaderIsNobodyElsesInAnySpellingNorInATrailer() throws Exception {
        answers = (request, connection) -> connection.send(answer("200 OK", "", ""));
        start("{ to: auth, path: /verify, copy-headers: [Remote-User] }");

        edge.client()
                .send("POST / HTTP/1.1\r\nHost: localhost\r\nREMOTE-USER: a\r\nremote_user: b\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nRemote-User: c\r\n\r\n")
                .response();

        assertThat(app.requests().get(0).head()).doesNotContainIgnoringCase("remote");
        assertThat(app.received()).doesNotContainIgnoringCase("remote-user");
    }

    @Test
    void bodyReachesTheServerBehindAndNobodyElse() throws Exception {
        answers = (request, connection) -> connection.send(answer("204 No Content", "", ""));
        start("{ to: auth, path: /verify }");
        String body = "b".repeat(200_000);

        assertThat(edge.client()
                        .send("PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                + body)
                        .response()
                        .status())
                .isEqualTo(200);

        assertThat(app.requests().get(0).body()).isEqualTo(body);
        assertThat(auth.received()).doesNotContain("bbb");
    }

    @Test
    void bodyOfWhoIsRefusedGoesNowhere() throws Exception {
        answers = (request, connection) -> connection.send(answer("403 Forbidden", "X-Why: not you\r\n", "no"));
        start("{ to: auth, path: /verify }");
        String body = "b".repeat(100_000);

        RawClient.Response refused = edge.client()
                .send("PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n" + body)
                .response();

        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.header("X-Why")).containsExactly("not you");
        assertThat(refused.body()).isEqualTo("no");
        assertThat(auth.received()).doesNotContain("bbb");
        assertThat(app.requests()).isEmpty();
    }

    @Test
    void whereNobodyAnswersNobodyComesIn() throws Exception {
        auth.close();
        start("{ to: auth, path: /verify }");

        RawClient.Response refused = edge.client().get("localhost", "/");

        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.header("Proxy-Status").toString()).contains("details=\"forward_auth_failed\"");
        assertThat(edge.client().get("localhost", "/open/").body()).isEqualTo("in");
        assertThat(app.requests()).hasSize(1);
    }

    @Test
    void answerThatIsNoneLetsNobodyIn() throws Exception {
        start("{ to: auth, path: /verify }");
        for (String nonsense : List.of(
                "HTTP/1.1 200\r\nContent-Length: a\r\n\r\n",
                "no HTTP at all\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Le")) {
            answers = (request, connection) -> {
                connection.send(nonsense);
                connection.close();
            };
            assertThat(edge.client().get("localhost", "/").status())
                    .as(nonsense)
                    .isEqualTo(503);
        }
        assertThat(app.requests()).isEmpty();
    }

    @Test
    void whoeverTakesTooLongToAnswerIsNotWaitedFor() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        answers = (request, connection) -> {
            asked.countDown();
            await(done);
        };
        start("{ to: auth, path: /verify, timeout: 3s }");
        edge.timeStands();
        RawClient client = edge.client();
        client.request("GET / HTTP/1.1", "Host: localhost");
        await(asked);

        edge.passes(Duration.ofSeconds(4));

        RawClient.Response refused = client.response();
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.header("Proxy-Status").toString()).contains("forward_auth_failed");
        // Others are served meanwhile.
        assertThat(client.get("localhost", "/open/").body()).isEqualTo("in");
        Awaitility.await()
                .untilAsserted(() -> assertThat(auth.connectionsOpen()).isLessThanOrEqualTo(1));
        done.countDown();
    }

    @Test
    void clientThatGoesAwayTakesTheQuestionWithIt() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch gone = new CountDownLatch(1);
        answers = (request, connection) -> {
            asked.countDown();
            if (connection.in().read() < 0) {
                gone.countDown();
            }
        };
        start("{ to: auth, path: /verify }");
        RawClient client = edge.client();
        client.request("GET / HTTP/1.1", "Host: localhost");
        await(asked);

        client.close();

        await(gone);
    }

    @Test
    void connectionThatWasClosedMeanwhileIsReplaced() throws Exception {
        answers = (request, connection) -> connection.send(answer("200 OK", "", ""));
        start("{ to: auth, path: /verify }");
        RawClient client = edge.client();
        assertThat(client.get("localhost", "/").status()).isEqualTo(200);

        answers = (request, connection) -> {
            answers = (again, other) -> other.send(answer("200 OK", "", ""));
            connection.reset();
        };

        assertThat(client.get("localhost", "/").status()).isEqualTo(200);
    }

    // ---- whatever is spoken

    @Test
    void http2ClientIsAskedTheSame() throws Exception {
        answers = (request, connection) -> connection.send(
                request.header("Cookie").isEmpty()
                        ? answer("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", "who?")
                        : answer("200 OK", "Remote-User: al\r\n", ""));
        start("{ to: auth, path: /verify, copy-headers: [Remote-User] }");
        Http2Client client = http2();

        Http2Wire.Response refused = client.get(1, "/x").response(1);
        assertThat(refused.status()).isEqualTo(401);
        assertThat(refused.headers().get("www-authenticate")).hasToString("Bearer");
        assertThat(refused.body()).isEqualTo("who?");
        assertThat(client.get(3, "/x", "cookie", "a=b", "remote-user", "root")
                        .response(3)
                        .body())
                .isEqualTo("in");
        assertThat(app.requests().get(0).header("Remote-User")).containsExactly("al");
    }

    @Test
    void serverThatIsAskedMaySpeakHttp2() throws Exception {
        Http2Server other =
                edge.closes(Http2Server.start((request, connection) -> connection.answer(request.stream(), "yes")));
        start("{ to: auth, path: /verify }", "servers: [\"" + other.address() + "\"], protocol: h2c", "");

        assertThat(edge.client().get("localhost", "/x?y").body()).isEqualTo("in");

        Http2Server.Request asked = other.requests().get(0);
        assertThat(asked.path()).isEqualTo("/verify");
        assertThat(asked.header("x-forwarded-uri")).containsExactly("/x?y");
    }

    @Test
    void webSocketIsOpenedForThoseWhoMayComeIn() throws Exception {
        answers = (request, connection) -> {
            assertThat(request.head()).doesNotContain("Upgrade").doesNotContainIgnoringCase("sec-websocket-key");
            connection.send(
                    request.header("Cookie").isEmpty()
                            ? answer("401 No", "", "")
                            : answer("200 OK", "Remote-User: al\r\n", ""));
        };
        start("{ to: auth, path: /verify, copy-headers: [Remote-User] }");

        assertThat(upgrade("X: y").status()).isEqualTo(401);
        assertThat(app.requests()).isEmpty();
        assertThat(upgrade("Cookie: a=b").status()).isEqualTo(101);
        assertThat(app.requests().get(0).header("Remote-User")).containsExactly("al");
    }

    private RawClient.Response upgrade(String field) throws IOException {
        return edge.client()
                .request(
                        "GET /chat HTTP/1.1",
                        "Host: localhost",
                        "Connection: Upgrade",
                        "Upgrade: websocket",
                        "Sec-WebSocket-Version: 13",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                        field)
                .response(true);
    }

    @Test
    void webSocketOverHttp2IsOpenedForThoseWhoMayComeIn() throws Exception {
        answers = (request, connection) -> connection.send(
                request.header("Cookie").isEmpty() ? answer("401 No", "", "") : answer("200 OK", "", ""));
        start("{ to: auth, path: /verify }");
        Http2Client client = http2();

        assertThat(connect(client, 1, "x-y", "z").response(1).status()).isEqualTo(401);
        connect(client, 3, "cookie", "a=b");

        Awaitility.await().untilAsserted(() -> assertThat(app.requests()).hasSize(1));
        assertThat(auth.requests().get(1).header("X-Forwarded-Uri")).containsExactly("/chat");
        assertThat(auth.requests().get(1).header("X-Forwarded-Method")).containsExactly("GET");
    }

    private static Http2Client connect(Http2Client client, int stream, String name, String value) {
        return client.headers(
                stream,
                false,
                ":method",
                "CONNECT",
                ":protocol",
                "websocket",
                ":scheme",
                "https",
                ":authority",
                "localhost",
                ":path",
                "/chat",
                "sec-websocket-version",
                "13",
                name,
                value);
    }

    @Test
    void whoAsksForTheHeadOnlyGetsTheHeadOnly() throws Exception {
        answers = (request, connection) -> connection.send(answer("401 No", "X-A: b\r\n", "long text"));
        start("{ to: auth, path: /verify }");
        RawClient client = edge.client();

        RawClient.Response head =
                client.request("HEAD / HTTP/1.1", "Host: localhost").response(true);
        assertThat(head.status()).isEqualTo(401);
        assertThat(head.header("Content-Length")).containsExactly("9");
        assertThat(client.get("localhost", "/").body()).isEqualTo("long text");
    }

    @Test
    void longAnswerStreams() throws Exception {
        String page = "p".repeat(3_000_000);
        answers = (request, connection) -> connection.send(answer("403 No", "", page));
        start("{ to: auth, path: /verify }");

        assertThat(edge.client().get("localhost", "/").body()).isEqualTo(page);
    }

    // ---- answers that are kept

    @Test
    void yesIsKeptForTheSameRequestAndForAWhile() throws Exception {
        answers = (request, connection) -> connection.send(answer("200 OK", "Remote-User: al\r\n", ""));
        start("{ to: auth, path: /verify, copy-headers: [Remote-User], cache: 10s }");
        edge.timeStands();
        RawClient client = edge.client();

        get(client, "/", "a=1");
        get(client, "/", "a=1");
        assertThat(auth.requests()).hasSize(1);
        assertThat(app.requests().get(1).header("Remote-User")).containsExactly("al");
        // Another path, another client, another connection in the clear: all that it might go by.
        get(client, "/other", "a=1");
        get(client, "/", "a=2");
        assertThat(edge.plainClient()
                        .request("GET / HTTP/1.1", "Host: localhost", "Cookie: a=1")
                        .response()
                        .status())
                .isEqualTo(200);
        assertThat(auth.requests()).hasSize(4);

        edge.passes(Duration.ofSeconds(11));

        get(client, "/", "a=1");
        assertThat(auth.requests()).hasSize(5);
    }

    @Test
    void neitherANoIsKeptNorACookieNorWhatMustNotBe() throws Exception {
        start("{ to: auth, path: /verify, cache: 10s }");
        RawClient client = edge.client();
        for (String each : List.of(
                answer("401 No", "", ""),
                answer("200 OK", "Set-Cookie: a=b\r\n", ""),
                answer("200 OK", "Cache-Control: No-Store\r\n", ""))) {
            answers = (request, connection) -> connection.send(each);
            int before = auth.requests().size();
            get(client, "/" + before, "a=1");
            get(client, "/" + before, "a=1");
            assertThat(auth.requests()).as(each).hasSize(before + 2);
        }
    }

    private static void get(RawClient client, String path, String cookie) {
        client.request("GET " + path + " HTTP/1.1", "Host: localhost", "Cookie: " + cookie)
                .response();
    }

    // ---- what an operator sees

    @Test
    void accessLogSaysWhoWasAskedAndWhatWasSaid() throws Exception {
        answers = (request, connection) -> connection.send(answer("401 No", "", ""));
        start("{ to: auth, path: /verify }");

        edge.client().get("localhost", "/x");

        Awaitility.await()
                .untilAsserted(
                        () -> assertThat(Files.readString(edge.directory().resolve("access.log")))
                                .contains("\"status\":401")
                                .contains("\"auth_backend\":\"auth\",\"auth_status\":401,\"auth_ms\":")
                                .doesNotContain("\"backend\":\"web\""));
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
