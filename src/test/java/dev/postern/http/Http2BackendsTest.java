package dev.postern.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.postern.testing.EdgeExtension;
import dev.postern.testing.Http2Client;
import dev.postern.testing.Http2Server;
import dev.postern.testing.RawClient;
import io.netty.handler.codec.http2.Http2Error;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an operator says of a backend holds where its servers speak HTTP/2. */
class Http2BackendsTest {
    private static final byte[] PART = "wrong".getBytes(StandardCharsets.US_ASCII);

    @RegisterExtension
    final EdgeExtension edge = new EdgeExtension();

    /** Fails in the way that the path asks for. */
    private Http2Server bad() {
        return edge.closes(Http2Server.start((request, connection) -> {
            int stream = request.stream();
            switch (request.path()) {
                case "/503" ->
                    connection
                            .headers(stream, false, ":status", "503", "x-from", "bad")
                            .data(stream, true, PART);
                case "/503-endless" ->
                    connection.headers(stream, false, ":status", "503").data(stream, false, PART);
                case "/closed" -> connection.reset(stream, (int) Http2Error.INTERNAL_ERROR.code());
                case "/refused" -> connection.reset(stream, (int) Http2Error.REFUSED_STREAM.code());
                case "/silent" -> {}
                default -> connection.answer(stream, "bad");
            }
        }));
    }

    private Http2Server good() {
        return edge.closes(Http2Server.start((request, connection) -> connection.answer(
                request.stream(), "good " + request.body() + (request.trailers() == null ? "" : "+"))));
    }

    private void start(String backend, String more, Http2Server... servers) throws Exception {
        edge.startWithBackend(
                "{ servers: %s, protocol: h2c%s }"
                        .formatted(
                                EdgeExtension.addresses(Stream.of(servers)
                                        .map(Http2Server::address)
                                        .toList()),
                                backend),
                more);
    }

    private Http2Client client() throws Exception {
        return edge.closes(Http2Client.connect(edge.httpsPort(), edge.trust(), "localhost"));
    }

    // ---- ends

    /** Says how long its response is, sends that, and never ends the stream; `/trailers` does, with trailers a moment later. */
    private Http2Server forgetful() {
        return edge.closes(Http2Server.start((request, connection) -> {
            int stream = request.stream();
            connection.headers(
                    stream,
                    false,
                    ":status",
                    "200",
                    "content-length",
                    request.path().equals("/none") ? "0" : "5");
            if (!request.header(":method").contains("HEAD") && !request.path().equals("/none")) {
                connection.data(stream, false, PART);
            }
            if (request.path().equals("/trailers")) {
                connection.headers(stream, true, "x-sum", "4");
            }
        }));
    }

    @Test
    void responseIsCompleteByItsLengthForTheNextRequestOfItsClient() throws Exception {
        Http2Server server = forgetful();
        start("", "", server);
        RawClient client = edge.client();

        assertThat(client.get("localhost", "/").body()).isEqualTo("wrong");
        assertThat(client.get("localhost", "/none").status()).isEqualTo(200);
        assertThat(client.get("localhost", "/").body()).isEqualTo("wrong");

        assertThat(server.resets()).as("it may end them itself").isEmpty();
        edge.passes(Duration.ofSeconds(3));
        Awaitility.await().until(() -> server.resets().size() == 3);
        assertThat(client.get("localhost", "/").body()).isEqualTo("wrong");
    }

    /** The client has all of it with the head, and its stream is over: it is not gone. */
    @Test
    void requestWhoseAnswerEndsWithItsHeadIsWholeThoughItsServerEndsLater() throws Exception {
        Path log = edge.directory().resolve("access.log");
        start("", "access-log: { to: " + log + ", format: json }\n", forgetful());
        Http2Client client = client();

        assertThat(client.request(1, "GET", "/none", true).response(1).status()).isEqualTo(200);
        Awaitility.await().until(() -> {
            edge.passes(Duration.ofSeconds(3));
            return !Files.readString(log).isEmpty();
        });

        assertThat(Files.readString(log)).contains("\"status\":200").doesNotContain("client_gone", "\"reason\"");
    }

    /** Its other requests wait for nothing; this one may be given trailers. */
    @Test
    void clientThatTakesTrailersIsToldOfTheEndALittleLater() throws Exception {
        Http2Server server = forgetful();
        start("", "", server);
        Http2Client client = client();

        var withTrailers = client.request(1, "GET", "/trailers", true).response(1);
        assertThat(withTrailers.body()).isEqualTo("wrong");
        assertThat(withTrailers.trailers()).isNotNull();
        client.request(3, "GET", "/", true);
        Awaitility.await().until(() -> server.requests().size() == 2);
        Awaitility.await().until(() -> {
            edge.passes(Duration.ofSeconds(3));
            return server.resets().size() == 1;
        });
        assertThat(client.response(3).body()).isEqualTo("wrong");
    }

    // ---- retries

    @Test
    void failureIsTriedWithAnotherServerAndNothingOfTheFirstResponseIsSeen() throws Exception {
        Http2Server bad = bad();
        start(", retry: { attempts: 1, on: [503, closed, timeout] }", "timeouts: { response: 3s }", bad, good());
        Http2Client client = client();

        int stream = 1;
        for (String path : List.of("/503", "/503-endless", "/closed", "/silent")) {
            // In turn: both servers get every path, and the client sees but one of them.
            for (int i = 0; i < 2; i++, stream += 2) {
                client.request(stream, "PUT", path, false)
                        .data(stream, false, "bo".getBytes(StandardCharsets.US_ASCII));
                client.data(stream, false, "dy".getBytes(StandardCharsets.US_ASCII));
                client.headers(stream, true, "x-sum", "4");

                var response = client.response(stream);

                assertThat(response.body()).as(path).isEqualTo("good body+");
                assertThat(response.headers().get("x-from")).isNull();
            }
        }
        assertThat(bad.requests())
                .extracting(Http2Server.Request::path)
                .contains("/503", "/503-endless", "/closed", "/silent");
        assertThat(bad.connectionsOpen()).isPositive();
    }

    @Test
    void whatMustNotBeRepeatedIsPassedOn() throws Exception {
        start(", retry: { attempts: 3, on: [503, closed] }", "", bad(), good());
        Http2Client client = client();

        Set<String> answers = new TreeSet<>();
        int stream = 1;
        for (String path : List.of("/503", "/closed")) {
            for (int i = 0; i < 2; i++, stream += 2) {
                answers.add(path + " "
                        + client.request(stream, "POST", path, true)
                                .response(stream)
                                .status());
            }
        }

        assertThat(answers).containsExactly("/503 200", "/503 503", "/closed 200", "/closed 502");
    }

    /** It has no room; another may have. */
    @Test
    void refusedStreamGoesToAnotherServerWhateverItsMethod() throws Exception {
        Http2Server bad = bad();
        start("", "", bad, good());
        Http2Client client = client();

        for (int stream = 1; stream < 9; stream += 2) {
            client.request(stream, "POST", "/refused", false)
                    .data(stream, true, "once".getBytes(StandardCharsets.US_ASCII));
            assertThat(client.response(stream).body()).isEqualTo("good once");
        }

        assertThat(bad.requests()).isNotEmpty().hasSizeLessThanOrEqualTo(4);
    }

    @Test
    void refusedStreamOfAClientThatHasAServerOfItsOwnStaysThere() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        start(", sticky: { cookie: SERVER }", "", refusingTwice("1", asked), refusingTwice("2", asked));
        Http2Client client = client();
        var first = client.get(1, "/").response(1);
        String cookie = cookie(first.headers().get("set-cookie"));

        var second = client.get(3, "/refused", "cookie", cookie).response(3);

        assertThat(asked).hasValue(3);
        assertThat(second.body()).isEqualTo(first.body());
        assertThat(second.headers().get("set-cookie")).isNull();
    }

    private Http2Server refusingTwice(String name, AtomicInteger asked) {
        return edge.closes(Http2Server.start((request, connection) -> {
            if (request.path().equals("/refused") && asked.incrementAndGet() < 3) {
                connection.reset(request.stream(), (int) Http2Error.REFUSED_STREAM.code());
            } else {
                connection.answer(request.stream(), name);
            }
        }));
    }

    // ---- the end of a response that was begun

    /** {@code CANCEL} and {@code ENHANCE_YOUR_CALM} say the same of both hops; the rest concerns ours and the server's. */
    @ParameterizedTest(name = "{0} → {1}")
    @CsvSource({
        "CANCEL, CANCEL",
        "ENHANCE_YOUR_CALM, ENHANCE_YOUR_CALM",
        "NO_ERROR, INTERNAL_ERROR",
        "PROTOCOL_ERROR, INTERNAL_ERROR",
        "REFUSED_STREAM, INTERNAL_ERROR",
        "HTTP_1_1_REQUIRED, INTERNAL_ERROR"
    })
    void clientIsToldWhyAServerBreaksItsResponseOff(Http2Error sent, Http2Error told) throws Exception {
        start(
                "",
                "",
                edge.closes(Http2Server.start((request, connection) -> connection
                        .headers(request.stream(), false, ":status", "200")
                        .data(request.stream(), false, PART)
                        .reset(request.stream(), (int) sent.code()))));
        Http2Client client = client().get(1, "/");

        assertThat(client.await(Http2Client.RST_STREAM, 1).error()).isEqualTo((int) told.code());
    }

    // ---- stickiness

    @Test
    void cookieBringsTheClientBackAndTheServerNeverSeesIt() throws Exception {
        Http2Server one = edge.closes(Http2Server.saying("1"));
        Http2Server two = edge.closes(Http2Server.saying("2"));
        start(", sticky: { cookie: SERVER }", "", one, two);
        Http2Client client = client();
        var first = client.get(1, "/").response(1);
        String cookie = cookie(first.headers().get("set-cookie"));

        for (int stream = 3; stream < 11; stream += 2) {
            var next =
                    client.get(stream, "/", "cookie", "a=1", "cookie", cookie).response(stream);
            assertThat(next.body()).isEqualTo(first.body());
            assertThat(next.headers().get("set-cookie")).isNull();
        }
        assertThat(edge.client()
                        .request("GET / HTTP/1.1", "Host: localhost", "Cookie: " + cookie)
                        .response()
                        .body())
                .isEqualTo(first.body());

        Http2Server home = first.body().equals("1") ? one : two;
        assertThat(home.requests())
                .hasSize(6)
                .allSatisfy(request ->
                        assertThat(String.join("; ", request.header("cookie"))).doesNotContain("SERVER"));
        assertThat(home.requests().get(1).header("cookie")).containsExactly("a=1");
        home.close();
        var moved = client.get(11, "/", "cookie", cookie).response(11);
        assertThat(moved.body()).isNotEqualTo(first.body());
        assertThat(cookie(moved.headers().get("set-cookie"))).isNotEqualTo(cookie);
    }

    // ---- the queue

    @Test
    void serverNeverHasMoreStreamsThanItMayAndTheOthersWait() throws Exception {
        Semaphore answers = new Semaphore(0);
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Http2Server server = edge.closes(Http2Server.start((request, connection) -> {
            most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
            answers.acquireUninterruptibly();
            atOnce.decrementAndGet();
            connection.answer(request.stream(), request.path());
        }));
        edge.startWithBackend(
                "{ servers: [{ address: \"%s\", max-connections: 2 }], protocol: h2c, queue: { length: 4, timeout: 1m } }"
                        .formatted(server.address()),
                "");
        Http2Client client = client();
        IntStream.range(0, 7).forEach(i -> client.get(2 * i + 1, "/" + i));

        // Two are under way, four wait; the seventh is one too many.
        assertThat(client.response(13).status()).isEqualTo(503);
        Awaitility.await().until(() -> server.requests().size() == 2);
        client.send(Http2Client.RST_STREAM, 0, 5, (byte) 0, (byte) 0, (byte) 0, (byte) 8);
        client.send(Http2Client.PING, 0, 0, new byte[8]).await(Http2Client.PING, 0);
        answers.release(7);

        for (int i : new int[] {0, 1, 3, 4, 5}) {
            assertThat(client.response(2 * i + 1).body()).isEqualTo("/" + i);
        }
        assertThat(most).hasValue(2);
        assertThat(server.requests())
                .extracting(Http2Server.Request::path)
                .containsExactlyInAnyOrder("/0", "/1", "/3", "/4", "/5");
    }

    // ---- what routes change

    @Test
    void serverIsAskedForTheRewrittenPathWithTheEditedFields() throws Exception {
        Http2Server server = edge.closes(Http2Server.saying("hello"));
        edge.start("""
                sites:
                  - names: [localhost]
                    certificate: %s
                    routes:
                      - path: /api/
                        backend: web
                        rewrite: /v2/
                        request-headers: { set: { X-Tenant: example }, remove: [X-Debug] }
                        response-headers: { set: { X-Frame-Options: DENY }, remove: [Content-Type] }
                      - { path: /, backend: web }
                backends:
                  web: { servers: ["%s"], protocol: h2c }
                """.formatted(edge.site().certificate("localhost"), server.address()));

        var response = client().get(1, "/api/x%7e/../y?q=1", "x-tenant", "mine", "x-debug", "1")
                .response(1);
        RawClient.Response other = edge.client().get("localhost", "/other");

        Http2Server.Request seen = server.requests().get(0);
        assertThat(seen.path()).isEqualTo("/v2/y?q=1");
        assertThat(seen.header("x-tenant")).containsExactly("example");
        assertThat(seen.header("x-debug")).isEmpty();
        assertThat(response.headers().get("x-frame-options")).hasToString("DENY");
        assertThat(response.headers().get("content-type")).isNull();
        assertThat(other.header("Content-Type")).containsExactly("text/plain");
        assertThat(server.requests().get(1).path()).isEqualTo("/other");
    }

    private static String cookie(CharSequence setCookie) {
        String text = String.valueOf(setCookie);
        assertThat(text).startsWith("SERVER=");
        return text.substring(0, text.indexOf(';'));
    }
}
